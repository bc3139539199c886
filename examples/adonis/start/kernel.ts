/** Middleware, in order: the session first, so that everything after it has one. */

import router from '@adonisjs/core/services/router'
import server from '@adonisjs/core/services/server'

server.errorHandler(() => import('#app/exceptions/handler'))
server.use([() => import('#middleware/session_middleware')])
router.use([
  () => import('@adonisjs/core/bodyparser_middleware'),
  () => import('#middleware/csrf_middleware'),
])

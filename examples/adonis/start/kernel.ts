/** Middleware, in order: the session first, so that everything after it has one. */

import router from '@adonisjs/core/services/router'
import server from '@adonisjs/core/services/server'

server.errorHandler(() => import('../app/exceptions/handler.ts'))
server.use([() => import('../app/middleware/session_middleware.ts')])
router.use([
  () => import('@adonisjs/core/bodyparser_middleware'),
  () => import('../app/middleware/csrf_middleware.ts'),
])

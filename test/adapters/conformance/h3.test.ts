import { createServer } from 'node:http'
import { H3, toResponse } from 'h3'
import { toNodeHandler } from 'h3/node'
import { csrfGuard, loginRequired, sessionMiddleware } from 'sojourn/h3'
import { appRequest, responseOf, startServer } from 'sojourn/testing'
import { conformanceOf, PATHS } from './run.ts'

conformanceOf('h3', {
  offers: ['current', 'csrfGuard', 'loginRequired', 'routes', 'errorPage'],
  start({ sessions, mount, before, handle, errorPage }) {
    const app = new H3({
      silent: true,
      ...(errorPage && {
        onError: async (error, event) => responseOf(await errorPage(error.cause ?? error, event)),
      }),
    })
    for (const one of mount) app.use(sessionMiddleware(one, toResponse))
    app.use((event, next) => before(event).then(next))
    app.use('/account', loginRequired(sessions, { redirect: '/login' }))
    app.use('/guarded/**', csrfGuard(sessions))
    for (const path of PATHS)
      app.all(path, async (event) => responseOf(await handle(event, appRequest(event.req))))
    return startServer(createServer(toNodeHandler(app)))
  },
})

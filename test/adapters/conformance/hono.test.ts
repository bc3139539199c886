import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { csrfGuard, loginRequired, sessionMiddleware } from 'sojourn/hono'
import { appRequest, responseOf, startServer } from 'sojourn/testing'
import { conformanceOf, PATHS } from './run.ts'

conformanceOf('Hono', {
  offers: ['current', 'csrfGuard', 'loginRequired', 'routes', 'errorPage'],
  start({ sessions, mount, before, handle, errorPage }) {
    const app = new Hono()
    for (const one of mount) app.use(sessionMiddleware(one))
    app.use((c, next) => before(c).then(next))
    app.use('/account', loginRequired(sessions, { redirect: '/login' }))
    app.use('/guarded/*', csrfGuard(sessions))
    app.on(['ALL'], PATHS, async (c) => responseOf(await handle(c, appRequest(c.req.raw))))
    if (errorPage) app.onError(async (error, c) => responseOf(await errorPage(error, c)))
    return startServer(createAdaptorServer(app))
  },
})

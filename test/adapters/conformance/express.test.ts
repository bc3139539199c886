import express from 'express'
import type { ErrorRequestHandler } from 'express'
import { csrfGuard, loginRequired, sessionMiddleware } from 'sojourn/express'
import { appRequest, type AppReply } from 'sojourn/testing'
import { EXPRESS } from '../express-versions.ts'
import { conformanceOf, listen, PATHS } from './run.ts'
import { Readable } from 'node:stream'

for (const [version, make] of Object.entries(EXPRESS)) {
  conformanceOf(version, {
    offers: ['current', 'csrfGuard', 'loginRequired', 'routes', 'errorPage'],
    start({ sessions, mount, before, handle, errorPage }) {
      const app = make().set('env', 'production').disable('etag')
      for (const one of mount) app.use(sessionMiddleware(one))
      app.use((req, _res, next) => void before(req).then(() => next(), next))
      app.use('/account', loginRequired(sessions, { redirect: '/login' }))
      app.use('/guarded', express.urlencoded(), csrfGuard(sessions))
      app.all(PATHS, (req, res, next) => {
        handle(req, appRequest(req)).then((reply) => send(res, reply), next)
      })
      const onError: ErrorRequestHandler = async (error, req, res, next) => {
        if (errorPage) send(res, await errorPage(error, req))
        else next(error)
      }
      app.use(onError)
      return listen(app)
    },
  })
}

function send(res: express.Response, { status, headers, cookies, body }: AppReply): void {
  res.status(status).set(headers)
  for (const line of cookies) res.append('set-cookie', line)
  if (body === null) res.end()
  else if (typeof body === 'string') res.send(body)
  else Readable.from(body).pipe(res)
}

/** One page behind each adapter, on a real server, with handlers that catch nothing. */

import { sessionMiddleware } from '../../src/adapters/express.ts'
import { withSessions as withFetchSessions } from '../../src/adapters/fetch.ts'
import { withSessions } from '../../src/adapters/node/node.ts'
import type { Session, Sessions } from '../../src/index.ts'
import { EXPRESS } from '../adapters/express-versions.ts'
import { errorPage, serve } from './site.ts'

/** What a page does; it may never ask for the session. What it answers is shown as JSON. */
export type Work = (open: () => Promise<Session<any>>, path: string) => unknown

/** The ways an app takes this library in. */
export const ADAPTERS: Readonly<
  Record<string, (sessions: Sessions<any>, work: Work) => Promise<string>>
> = {
  'node:http': (sessions, work) =>
    serve(
      withSessions(sessions, async (req, res) => {
        res.end(JSON.stringify((await work(() => sessions.get(req), req.url!)) ?? null))
      }),
    ),
  Express(sessions, work) {
    const app = EXPRESS['Express']().use(sessionMiddleware(sessions))
    app.use(async (req, res) => {
      res.json((await work(() => sessions.get(req), req.url)) ?? null)
    })
    return serve(app.use(errorPage))
  },
  'Express 4'(sessions, work) {
    const app = EXPRESS['Express 4']().use(sessionMiddleware(sessions))
    app.use((req, res, next) => {
      const shown = async () => work(() => sessions.get(req), req.url)
      // Express 4 does not handle the errors of async handlers.
      shown().then((value) => res.json(value ?? null), next)
    })
    return serve(app.use(errorPage))
  },
  Fetch(sessions, work) {
    const handler = withFetchSessions(sessions, async (request) => {
      const { pathname } = new URL(request.url)
      return Response.json((await work(() => sessions.get(request), pathname)) ?? null)
    })
    return serve(async ({ url, headers: { cookie = '' } }, res) => {
      const response = await handler(new Request(`http://site${url}`, { headers: { cookie } }))
      res.writeHead(response.status, [...response.headers].flat()).end(await response.text())
    })
  },
}

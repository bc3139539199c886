import { appRequest, sendReply } from 'sojourn/testing'
import { loginRequired, withSessions } from 'sojourn/node'
import type { RequestListener } from 'node:http'
import { conformanceOf, listen } from './run.ts'

conformanceOf('node:http', {
  offers: ['current', 'loginRequired'],
  start({ sessions, mount, handle }) {
    const app = async (...[req, res]: Parameters<RequestListener>) =>
      sendReply(res, await handle(req, appRequest(req)))
    const account = loginRequired(sessions, { redirect: '/login' }, app)
    const router: RequestListener = (req, res) =>
      req.url?.startsWith('/account') ? account(req, res) : app(req, res)
    return listen(mount.reduceRight((inner, one) => withSessions(one, inner), router))
  },
})

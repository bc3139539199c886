/** cookie-session through its middleware: it has no other entry. */

import { createRequire } from 'node:module'
import { type Contender, type Data, SECRET } from './contender.ts'

type Handler = (req: object, res: LeastResponse, next: () => void) => void
const require = createRequire(import.meta.url)
const middleware = require('cookie-session') as (options: object) => Handler

/** The least a response may be for cookie-session: headers and `writeHead`. */
class LeastResponse {
  headers: Record<string, unknown> = {}
  getHeader(name: string): unknown {
    return this.headers[name]
  }
  setHeader(name: string, value: unknown): void {
    this.headers[name] = value
  }
  writeHead(_status: number): void {}
}

const SOCKET = { encrypted: false }

export function cookieSession(): Contender {
  const handle = middleware({ name: 'session', keys: [SECRET], sameSite: 'lax' })
  function respond(cookie: string | undefined, work: (session: Data) => unknown) {
    const req: { headers: Data; socket: object; session?: Data } = {
      headers: { cookie },
      socket: SOCKET,
    }
    const res = new LeastResponse()
    let result: unknown
    handle(req, res, () => {
      result = work(req.session!)
    })
    res.writeHead(200)
    return { result, lines: (res.headers['Set-Cookie'] ?? []) as string[] }
  }
  return {
    open: (cookie, key) => respond(cookie, (session) => session[key]).result,
    write: (data) => respond(undefined, (session) => Object.assign(session, data)).lines,
    change: (cookie, key, value) => {
      return respond(cookie, (session) => (session[key] = value)).lines
    },
  }
}

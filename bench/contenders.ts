/** The same three jobs done by ours, by cookie-session, and by the bare parts. */

import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto'
import { createRequire } from 'node:module'
import { createSessions, type SessionOptions } from '../src/index.ts'

type Data = Record<string, unknown>

/** A server's part of one job, from header to value or to Set-Cookie line. */
export interface Contender {
  /** The value of one key. */
  open(cookie: string, key: string): unknown
  /** The Set-Cookie line of a new session. */
  write(data: Data): string | undefined | Promise<string | undefined>
  /** The Set-Cookie line after one key changed. */
  change(
    cookie: string,
    key: string,
    value: unknown,
  ): string | undefined | Promise<string | undefined>
}

const SECRET = randomBytes(32).toString('base64url')

export function ours(
  options: Partial<SessionOptions> = {},
): Contender & { onlyOpen(cookie: string): Promise<unknown> } {
  const sessions = createSessions<any>({
    secret: SECRET,
    cookie: { name: 'session', secure: false },
    ...options,
  })
  const visitFor = (cookie: string | undefined) => {
    return sessions.mount([{}], { cookie, header: () => undefined })!
  }
  function lineOf(visit: ReturnType<typeof visitFor>): string | undefined {
    const outgoing = visit.finish()
    if (outgoing instanceof Promise) throw new Error('A cookie answers at once.')
    return outgoing?.setCookie
  }
  return {
    onlyOpen: (cookie) => visitFor(cookie).session(),
    async open(cookie, key) {
      const visit = visitFor(cookie)
      const value = (await visit.session()).get(key)
      if (lineOf(visit) !== undefined) throw new Error('A read is a read.')
      return value
    },
    async write(data) {
      const visit = visitFor(undefined)
      const session = await visit.session()
      for (const key in data) session.set(key, data[key])
      return lineOf(visit)
    },
    async change(cookie, key, value) {
      const visit = visitFor(cookie)
      ;(await visit.session()).set(key, value)
      return lineOf(visit)
    },
  }
}

// payload "." timestamp "." signature, as ours
export function bare(): Contender {
  const key = createSecretKey(randomBytes(32))
  const mac = (text: string) => createHmac('sha256', key).update(text).digest()
  const timestamp = Buffer.from([0x6a, 0x0e, 0x2f, 0x11]).toString('base64url')
  function read(cookie: string): Data {
    const value = cookie.slice('session='.length)
    const last = value.lastIndexOf('.')
    const given = Buffer.from(value.slice(last + 1), 'base64url')
    if (!timingSafeEqual(mac(value.slice(0, last)), given)) throw new Error('Not genuine.')
    const body = value.slice(0, value.lastIndexOf('.', last - 1))
    return JSON.parse(Buffer.from(body, 'base64url').toString()) as Data
  }
  function write(data: Data): string {
    const signed = `${Buffer.from(JSON.stringify(data)).toString('base64url')}.${timestamp}`
    return `session=${signed}.${mac(signed).toString('base64url')}; HttpOnly; Path=/; SameSite=Lax`
  }
  return {
    open: (cookie, name) => read(cookie)[name],
    write,
    change: (cookie, name, value) => write({ ...read(cookie), [name]: value }),
  }
}

type Handler = (req: object, res: Headers, next: () => void) => void
const require = createRequire(import.meta.url)
const cookieSession = require('cookie-session') as (options: object) => Handler

/** The least a response may be for cookie-session: a map of headers and `writeHead`. */
class Headers {
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

export function cookieSessionPeer(): Contender {
  const handle = cookieSession({ name: 'session', keys: [SECRET], sameSite: 'lax' })
  function respond(cookie: string | undefined, work: (session: Data) => unknown) {
    const req: { headers: Data; socket: object; session?: Data } = {
      headers: { cookie },
      socket: SOCKET,
    }
    const res = new Headers()
    let result: unknown
    handle(req, res, () => {
      result = work(req.session!)
    })
    res.writeHead(200)
    return { result, lines: res.headers['Set-Cookie'] as string[] | undefined }
  }
  return {
    open: (cookie, key) => respond(cookie, (session) => session[key]).result,
    write: (data) => respond(undefined, (session) => Object.assign(session, data)).lines?.join(),
    change: (cookie, key, value) => {
      return respond(cookie, (session) => (session[key] = value)).lines?.join()
    },
  }
}

/** The Cookie header a browser sends back for Set-Cookie lines joined by commas. */
export function cookieHeader(lines: string | undefined): string {
  return [...(lines ?? '').matchAll(/(?:^|,)((?:session|session\.sig)=[^;]+)/g)]
    .map(([, pair]) => pair)
    .join('; ')
}

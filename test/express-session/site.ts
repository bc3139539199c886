/** A site on express-session or on the drop-in, and a browser that visits it. */

import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import type { RequestListener, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { parseSetCookie, type SetCookie } from 'cookie'
import type session from 'express-session'
import { onTestFinished, vi } from 'vitest'

/** What both export. */
export type Library = typeof session

/** The request as an app in JavaScript sees it. */
export interface Request extends IncomingMessage {
  session: session.Session & Record<string, any>
  sessionID: string
  sessionStore: session.Store & { generate(req: unknown): void }
  [more: string]: any
}

export type Respond = (req: Request, res: ServerResponse) => unknown

export interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: IncomingHttpHeaders
  /** The Set-Cookie lines. */
  readonly lines: readonly string[]
  /** The first of them. */
  readonly cookie: SetCookie | undefined
}

export interface Site {
  readonly origin: string
  /** Messages of errors that came to `next` once the response was sent. */
  readonly errors: readonly string[]
  /** Errors that came to `next` instead of a response: the visitor gets status 500 and the message. */
  readonly failures: readonly (Error & { readonly code?: string })[]
  get(path?: string, headers?: Record<string, string>): Promise<Answer>
}

export const SECRET = 'AVJGgdgvUQ3rmwPfXbvb-2Qdw1cD5vHk'

/** What every test says, as express-session wants it said. */
const SAID = { secret: SECRET, resave: false, saveUninitialized: false } as const

/** A site that answers as `respond` does, after the middleware. `before`: an earlier middleware. */
export async function site(
  library: Library,
  options: Partial<session.SessionOptions>,
  respond: Respond = (_req, res) => res.end(),
  before: Respond = () => {},
): Promise<Site> {
  const errors: string[] = []
  const failures: Error[] = []
  const middleware = library({ ...SAID, ...options })
  const origin = await listen((incoming, res) => {
    const req = incoming as Request
    before(req, res)
    middleware(req as never, res as never, (error?: unknown) => {
      if (error === undefined) return void respond(req, res)
      const { message } = error as Error
      if (res.headersSent) return void errors.push(message)
      failures.push(error as Error)
      return void res.writeHead(500).end(message)
    })
  })
  return { origin, errors, failures, get: (path, headers) => get(origin, path, headers) }
}

/** Serves on a free port until the test is done. */
export async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** One request, with the headers as given. */
export async function get(
  origin: string,
  path = '/',
  headers: Record<string, string> = {},
  method = 'GET',
  body = '',
): Promise<Answer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(origin + path, { headers, method, agent: false }, resolve)
    sent.on('error', reject).end(body)
  })
  const lines = response.headers['set-cookie'] ?? []
  return {
    status: response.statusCode!,
    text: await text(response),
    headers: response.headers,
    lines,
    cookie: lines[0] === undefined ? undefined : parseSetCookie(lines[0]),
  }
}

/**
 * A browser with a cookie jar. It keeps to a cookie's name and to its end, not to its path.
 *
 * `at`: its `origin` may change, as when a process takes the place of another.
 */
export function browser(at: { readonly origin: string }) {
  const jar = new Map<string, string>()
  const send = async (
    path?: string,
    headers?: Record<string, string>,
    method?: string,
    body?: string,
  ) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const given = cookie === '' ? {} : { cookie }
    const answer = await get(at.origin, path, { ...given, ...headers }, method, body)
    for (const line of answer.lines) {
      const { name, expires, maxAge } = parseSetCookie(line)!
      const isOver = maxAge === undefined ? expires && expires.getTime() <= Date.now() : maxAge <= 0
      if (isOver) jar.delete(name)
      else jar.set(name, /^[^=]*=([^;]*)/.exec(line)![1]!)
    }
    return answer
  }
  return {
    jar,
    get: (path?: string, headers?: Record<string, string>) => send(path, headers),
    post: (path: string, fields: Record<string, string> = {}, headers?: Record<string, string>) =>
      send(
        path,
        { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        'POST',
        new URLSearchParams(fields).toString(),
      ),
  }
}

/** The id in a cookie of express-session's: `s:ID.signature`. */
export function idIn({ cookie }: Answer): string {
  return /^s:(.*)\.[^.]+$/.exec(cookie!.value!)![1]!
}

/** 2026-06-01, noon. */
export const T0 = Date.UTC(2026, 5, 1, 12)

/** Stops the clock for one test; the timers run on. */
export function stopClock() {
  vi.useFakeTimers({ toFake: ['Date'], now: T0 })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  return { advance: (ms: number) => vi.setSystemTime(Date.now() + ms) }
}

/** Counts the calls of a store's verb. */
export function calls(store: object, verb: string): () => number {
  const spy = vi.spyOn(store as Record<string, () => unknown>, verb)
  return () => spy.mock.calls.length
}

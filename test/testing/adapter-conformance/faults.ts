/** Adapters over Fetch with one fault each, and the scenario that has to notice. */

import { createAdaptorServer } from '@hono/node-server'
import { withSessions } from '../../../src/adapters/fetch.ts'
import {
  type AdapterHarness,
  type ConformanceApp,
  appRequest,
  responseOf,
  startServer,
} from '../../../src/testing/testing.ts'

/** What the faulty adapter does around the sound one. */
export interface Fault {
  /** Changes the app before it starts. */
  app?(app: ConformanceApp): void
  request?(request: Request): Request
  response?(response: Response, request: Request): Response | Promise<Response>
}

/** The harness of an adapter with this fault. */
export function harnessOf(fault: Fault): AdapterHarness {
  return {
    offers: ['current'],
    start(app) {
      fault.app?.(app)
      const page = async (request: Request) =>
        responseOf(await app.handle(request, appRequest(request)))
      const inner = app.mount.reduceRight((next, one) => withSessions(one, next), page)
      const { request: before = (one) => one, response: after = (one) => one } = fault
      return startServer(
        createAdaptorServer({
          fetch: async (request) => after(await inner(before(request)), request),
        }),
      )
    },
  }
}

/** A fault, the scenario that has to notice it, and how. */
export const FAULTS: readonly (readonly [fault: string, id: string, how: RegExp, Fault])[] = [
  ['loses the cookie', 'counts', /second visit: 1/, changing((h) => h.delete('set-cookie'))],
  ['forgets Vary', 'read', /Vary: null/, changing((h) => h.delete('vary'))],
  [
    'sets a cookie on every page',
    'read',
    /session lines: 1/,
    changing((h) => h.append('set-cookie', 'session=x; Path=/')),
  ],
  ['sends Vary always', 'unused', /Vary has Cookie/, changing((h) => h.set('vary', 'cookie'))],
  [
    'sends each cookie twice',
    'own-cookie',
    /theme lines of \/write: 2/,
    changing((h) => h.getSetCookie().map((line) => h.append('set-cookie', line))),
  ],
  ['joins the cookies in one line', 'own-cookie', /lang lines/, changing(joined)],
  ['keeps the page public', 'private', /does not match/, changing(shared)],
  ['sends 500 for 401', 'signed-in-401', /status: 500, not 401/, withStatus(401, 500)],
  [
    'forgets no-store',
    'signed-in-401',
    /Cache-Control/,
    changing((h) => h.delete('cache-control')),
  ],
  ['serves the page for 401', 'forgotten-await', /status: 200/, withStatus(401, 200)],
  ['sends 500 for 503', 'store-away', /status: 500, not 503/, withStatus(503, 500)],
  ['forgets Retry-After', 'commit-away', /Retry-After/, changing((h) => h.delete('retry-after'))],
  ['keeps the cookie in an outage', 'logout-outage', /in the browser: 1/, withoutCookie(503)],
  ['forgets the cookie of a 304', '304', /session lines: 0/, withoutCookie(304)],
  ['forgets the cookie of a 204', '204', /session lines: 0/, withoutCookie(204)],
  ['forgets the cookie of a redirect', 'login', /session lines: 0/, withoutCookie(303)],
  [
    'forgets the cookie of HEAD',
    'head',
    /session lines: 0/,
    {
      response: (response, { method }) => (method === 'HEAD' ? bare(response) : response),
    },
  ],
  ['hides a prefetch', 'prefetch', /text: none/, hiding('sec-purpose')],
  [
    'hides where a form comes from',
    'csrf-cross-site',
    /status/,
    hiding('sec-fetch-site', 'origin'),
  ],
  ['hides the header of the token', 'csrf-token', /text: /, hiding('x-csrf-token')],
  ['hides a cookie', 'counts', /second visit: 1/, hiding('cookie')],
  [
    'loses the body',
    'large-body',
    /length: 0/,
    { request: ({ url, method, headers }) => new Request(url, { method, headers }) },
  ],
  ['sends one response object to all', 'reused', /third visitor: 2/, { response: reusing() }],
  ['mixes up current()', 'interleaved', /whose: /, { app: mixed }],
  ['mounts what it was not given', 'not-mounted', /code: none/, { app: mounted }],
]

function changing(change: (headers: Headers) => unknown): Fault {
  return {
    response(response) {
      const headers = new Headers(response.headers)
      change(headers)
      const { status, body } = response
      return new Response(body, { status, headers })
    },
  }
}

function joined(headers: Headers): void {
  const lines = headers.getSetCookie()
  headers.delete('set-cookie')
  if (lines.length > 0) headers.set('set-cookie', lines.join('; '))
}

function shared(headers: Headers): void {
  headers.set('cache-control', 'public, max-age=60')
}

function withStatus(from: number, to: number): Fault {
  return {
    response(response) {
      const { status, headers, body } = response
      return status === from ? new Response(body, { status: to, headers }) : response
    },
  }
}

function withoutCookie(status: number): Fault {
  return { response: (response) => (response.status === status ? bare(response) : response) }
}

function bare({ status, headers, body }: Response): Response {
  const others = new Headers(headers)
  others.delete('set-cookie')
  return new Response(body, { status, headers: others })
}

function hiding(...names: string[]): Fault {
  return {
    request(request) {
      const headers = new Headers(request.headers)
      for (const name of names) headers.delete(name)
      const { url, method, body } = request
      return new Request(url, { method, headers, body, duplex: 'half' } as RequestInit)
    },
  }
}

/** Adds the cookie to the response object that was sent first. */
function reusing(): NonNullable<Fault['response']> {
  const lines: string[] = []
  return (response) => {
    if (response.status !== 204) return response
    lines.push(...response.headers.getSetCookie())
    const headers = new Headers(response.headers)
    headers.delete('set-cookie')
    for (const line of lines) headers.append('set-cookie', line)
    return new Response(null, { status: 204, headers })
  }
}

/** The session of whoever came last. */
function mixed({ sessions }: ConformanceApp): void {
  let last: object | undefined
  const { mount, get } = sessions
  sessions.mount = (carriers, facts) => {
    last = carriers[0]
    return mount.call(sessions, carriers, facts)
  }
  sessions.current = () => get.call(sessions, last!)
}

function mounted(app: ConformanceApp): void {
  Object.assign(app, { mount: [app.sessions] })
}

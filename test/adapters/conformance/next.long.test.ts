/** Next as it is built, in this process: its custom server runs the handlers of the suite. */

import { cpSync, rmSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSessions } from 'sojourn'
import type * as adapter from 'sojourn/next'
import { appRequest, type ConformanceApp, responseOf, type StartedApp } from 'sojourn/testing'
import { buildInstalled, installExample } from '../../examples/frameworks/packed.ts'
import { SECRET } from '../../examples/start.ts'
import { root } from '../../package/repository.ts'
import { conformanceOf, listen } from './run.ts'

type Handler = (request: Request) => Promise<Response>

/** What the built app passes: functions of Next, and the packed adapter as the bundler left it. */
interface Next extends Required<adapter.NextFunctions> {
  NextResponse: { next: Parameters<typeof adapter.sessionProxy>[1] }
  nextSessions: typeof adapter.nextSessions
  sessionProxy: typeof adapter.sessionProxy
}

/** What the built app calls, by the host of the request. */
interface App {
  page(next: Next, request: Request): Promise<Response>
  proxy(next: Next, request: Request): Promise<Response>
}

/** The custom server of Next. */
interface NextServer {
  prepare(): Promise<void>
  getRequestHandler(): RequestListener
  close(): Promise<void>
}

const apps = new Map<string, App>()
Object.assign(globalThis, { conformanceApps: apps })

let folder: string
let nextServer: NextServer
let navigation: Record<'redirect' | 'permanentRedirect' | 'notFound', (to: string) => never>

beforeAll(async () => {
  process.env['NEXT_TELEMETRY_DISABLED'] = '1'
  folder = await installExample('next')
  for (const own of ['app', 'lib', 'proxy.ts']) rmSync(join(folder, own), { recursive: true })
  cpSync(join(root, 'test/fixtures/next-conformance'), folder, { recursive: true })
  await buildInstalled(folder)
  const require = createRequire(join(folder, 'package.json'))
  nextServer = require('next')({ dev: false, dir: folder })
  await nextServer.prepare()
  navigation = require('next/navigation')
})

afterAll(async () => {
  await nextServer?.close()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

conformanceOf('Next', {
  offers: ['current', 'csrfGuard', 'loginRequired', 'routes'],
  exceptions: {
    // The status of Next's `redirect()` in a route handler, unless a form was sent.
    'guard-login': 'status: 307, not 303',
    // Next makes the response of an error itself, and drops the headers.
    'throw-after-write': 'next count: 1, not 2',
  },
  throwRedirect: (location) => navigation.redirect(location),
  start: (app) => started({ page: pageOf(app), proxy: proxyOf(app) }),
})

/** Lets the app have a server of its own. */
async function started(app: App): Promise<StartedApp> {
  const server = await listen(nextServer.getRequestHandler())
  const { host } = new URL(server.origin)
  apps.set(host, app)
  const stop = () => (apps.delete(host), server.stop())
  return { ...server, stop }
}

function pageOf({ sessions, mount, handle }: ConformanceApp): App['page'] {
  return (next, request) => {
    const { csrfGuard, signedIn } = next.nextSessions(sessions, next)
    const page: Handler = async (request) =>
      responseOf(await handle(await next.cookies(), appRequest(request)))
    const account: Handler = async (request) => {
      await signedIn({ redirect: '/login' })
      return page(request)
    }
    const { path } = appRequest(request)
    const routed = path === '/account' ? account : page
    const guarded = path.startsWith('/guarded') ? csrfGuard(routed) : routed
    const wrapped = mount.reduceRight(
      (inner, one) => next.nextSessions(one, next).withSessions(inner),
      guarded,
    )
    return wrapped(request)
  }
}

function proxyOf({ sessions, mount, before }: ConformanceApp): App['proxy'] {
  return async (next, request) => {
    if (!mount.includes(sessions)) return next.NextResponse.next({ request })
    const handler = (request: Request) => before(request)
    const options = { handler, showsFlashes: () => false }
    return next.sessionProxy(sessions, next.NextResponse.next, options)(request)
  }
}

const REQUESTS: Readonly<Record<string, RequestInit>> = {
  'a GET': {},
  'a form': {
    method: 'POST',
    body: new URLSearchParams({ item: 'tea' }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  },
  'a form with files': { method: 'POST', body: new FormData() },
  JSON: { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } },
}

const VERBS = ['redirect', 'permanentRedirect', 'notFound'] as const
const CALLS = Object.entries(REQUESTS).flatMap(([sent, init]) =>
  VERBS.map((verb) => [verb, sent, init] as const),
)

test.each(CALLS)('%s() after %s is in withSessions as without', async (verb, _, init) => {
  const cookie = { name: 'session', secure: false }
  const sessions = createSessions<any>({ secret: SECRET, cookie })
  const app = await started({
    proxy: async (next, request) => next.NextResponse.next({ request }),
    page(next, request) {
      const bare = async () => {
        const jar = await next.cookies()
        jar.set('theme', 'dark', { path: '/' })
        return navigation[verb]('/seen?a=1;b')
      }
      if (appRequest(request).path === '/bare') return bare()
      const { get, withSessions } = next.nextSessions(sessions, next)
      const handler: Handler = async () => ((await get()).set('item', 'tea'), bare())
      return withSessions(handler)(request)
    },
  })
  const answer = async (path: string) => {
    const response = await fetch(app.origin + path, { ...init, redirect: 'manual' })
    const { status, headers } = response
    const lines = headers.getSetCookie().map((line) => line.split('=')[0])
    return { status, location: headers.get('location'), cookies: lines.toSorted() }
  }
  try {
    const bare = await answer('/bare')
    expect(await answer('/wrapped')).toEqual({ ...bare, cookies: ['session', 'theme'] })
  } finally {
    await app.stop()
  }
})

/** Next as it is built, in this process: its custom server runs the handlers of the suite. */

import { cpSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type * as adapter from 'sojourn/next'
import { appRequest, type ConformanceApp, responseOf } from 'sojourn/testing'
import { buildInstalled, installExample } from '../../examples/frameworks/packed.ts'
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
let server: NextServer
let redirect: (location: string) => never

beforeAll(async () => {
  process.env['NEXT_TELEMETRY_DISABLED'] = '1'
  folder = await installExample('next')
  for (const own of ['app', 'lib', 'proxy.ts']) rmSync(join(folder, own), { recursive: true })
  cpSync(join(root, 'test/fixtures/next-conformance'), folder, { recursive: true })
  await buildInstalled(folder)
  const require = createRequire(join(folder, 'package.json'))
  server = require('next')({ dev: false, dir: folder })
  await server.prepare()
  redirect = require('next/navigation').redirect
})

afterAll(async () => {
  await server?.close()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

conformanceOf('Next', {
  offers: ['current', 'csrfGuard', 'loginRequired', 'routes'],
  throwRedirect: (location) => redirect(location),
  async start(app) {
    const started = await listen(server.getRequestHandler())
    const { host } = new URL(started.origin)
    apps.set(host, { page: pageOf(app), proxy: proxyOf(app) })
    const stop = () => (apps.delete(host), started.stop())
    return { ...started, stop }
  },
})

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

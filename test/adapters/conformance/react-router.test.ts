import { createAdaptorServer } from '@hono/node-server'
import { createRequestHandler, type ServerBuild } from 'react-router'
import { csrfGuard, loginRequired, sessionMiddleware } from 'sojourn/react-router'
import { appRequest, responseOf, startServer } from 'sojourn/testing'
import { conformanceOf } from './run.ts'

conformanceOf('React Router', {
  offers: ['current', 'csrfGuard', 'loginRequired', 'routes'],
  throwRedirect(location) {
    throw new Response(null, { status: 303, headers: { location } })
  },
  exceptions: {
    // Middleware does not run where no route matches; a splat route makes it.
    'not-found': 'session lines: 0, not 1',
  },
  start({ sessions, mount, before, handle }) {
    const page = async ({ request, context }: { request: Request; context: object }) =>
      responseOf(await handle(context, appRequest(request)))
    const hook = async ({ context }: { context: object }, next: () => Promise<Response>) => {
      await before(context)
      return next()
    }
    const middleware = [...mount.map((one) => sessionMiddleware(one)), hook]
    const resource = { loader: page, action: page }
    const build = buildOf(middleware, {
      ':a?': resource,
      account: { ...resource, middleware: [loginRequired(sessions, { redirect: '/login' })] },
      'guarded/:b': { ...resource, middleware: [csrfGuard(sessions)] },
    })
    const app = createRequestHandler(build, 'production')
    return startServer(createAdaptorServer({ fetch: (request) => app(request) }))
  },
})

/** What `react-router build` makes of a root with middleware and of resource routes. */
function buildOf(middleware: unknown[], modules: Readonly<Record<string, object>>): ServerBuild {
  const entry = async (_request: Request, status: number, headers: Headers) =>
    new Response('a page', { status, headers })
  const routes = Object.entries(modules).map(([path, module]) => [
    path,
    { id: path, parentId: 'root', path, module },
  ])
  const root = { id: 'root', path: '', module: { middleware, default: () => null } }
  return {
    entry: { module: { default: entry } },
    routes: { root, ...Object.fromEntries(routes) },
    assets: { routes: {}, entry: { imports: [], module: '' }, url: '', version: '' },
    publicPath: '/',
    assetsBuildDirectory: '',
    future: {},
    ssr: true,
    isSpaMode: false,
    prerender: [],
    routeDiscovery: { mode: 'initial' },
  } as unknown as ServerBuild
}

/** A React Router app without a build: its own request handler, over routes that a test writes. */

import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import {
  createRequestHandler,
  isRouteErrorResponse,
  type MiddlewareFunction,
  Outlet,
  RouterContextProvider,
  type ServerBuild,
  ServerRouter,
  UNSAFE_decodeViaTurboStream as decode,
  useLoaderData,
  useRouteError,
} from 'react-router'
import type { LoaderFunction } from 'react-router'

/** What a test says about a route. */
export interface TestRoute {
  readonly middleware?: MiddlewareFunction<Response>[]
  readonly loader?: LoaderFunction
  readonly action?: LoaderFunction
  /** A route without a component: a resource route. */
  readonly isResource?: true
}

/** The app in production mode, with these routes under a root route. */
export function appOf(root: TestRoute, routes: Readonly<Record<string, TestRoute>>) {
  const logged: unknown[] = []
  const build: ServerBuild = {
    entry: {
      module: {
        default: (request, status, headers, context) => {
          const page = createElement(ServerRouter, { context, url: request.url })
          headers.set('content-type', 'text/html')
          return new Response(renderToString(page), { status, headers })
        },
        handleError: (error) => void logged.push(error),
      },
    },
    routes: {},
    assets: { entry: { imports: [], module: '' }, routes: {}, url: '', version: '' },
    publicPath: '/',
    assetsBuildDirectory: '',
    future: {} as ServerBuild['future'],
    ssr: true,
    isSpaMode: false,
    prerender: [],
    routeDiscovery: { mode: 'initial', manifestPath: '/__manifest' },
  }
  add(build, 'root', root)
  for (const [path, route] of Object.entries(routes)) add(build, path, route)
  const handler = createRequestHandler(build, 'production')
  const send = (path: string, init?: RequestInit) =>
    handler(new Request(`https://shop.example${path}`, init), new RouterContextProvider())
  return { send, logged }
}

function add(build: ServerBuild, path: string, route: TestRoute): void {
  const { isResource, ...module } = route
  const isRoot = path === 'root'
  const place = isRoot ? { path: '' } : { path, parentId: 'root' }
  const page = { default: isRoot ? Outlet : Page, ErrorBoundary }
  build.routes[path] = {
    id: path,
    ...place,
    module: { ...module, ...(isResource ? {} : page) } as never,
  } as never
  build.assets.routes[path] = {
    id: path,
    ...place,
    hasLoader: module.loader !== undefined,
    hasAction: module.action !== undefined,
    hasErrorBoundary: !isResource,
    module: '',
  } as never
}

function Page() {
  return createElement('p', null, JSON.stringify(useLoaderData()))
}

function ErrorBoundary() {
  const error = useRouteError()
  if (isRouteErrorResponse(error)) {
    return createElement('h1', null, `${error.status} ${error.statusText}: ${error.data}`)
  }
  return createElement('h1', null, (error as Error).message)
}

/** What the script in the browser reads from the response to a `.data` request. */
export async function dataOf(response: Response): Promise<any> {
  return (await decode(response.body!, globalThis as never)).value
}

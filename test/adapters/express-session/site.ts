/** An Express app with a session middleware, on a free port, and visitors with a cookie jar. */

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express, { type Express } from 'express'

/** What one visitor gets. */
export interface Page {
  status: number
  text: string
  json: any
  setCookie: string[]
}

/** A visitor: keeps cookies as a browser does. */
export interface Visitor {
  get(path: string, headers?: Record<string, string>): Promise<Page>
  post(path: string, body: unknown): Promise<Page>
  cookies: Map<string, string>
}

/** An app while it runs. */
export interface Site {
  url: string
  visitor(cookies?: Iterable<[string, string]>): Visitor
  stop(): Promise<void>
}

/** Starts an app: `routes` adds its middleware and pages. */
export async function startSite(routes: (app: Express) => void): Promise<Site> {
  const app = express()
  app.disable('x-powered-by')
  app.use(express.json())
  routes(app)
  app.use((error: any, _req: any, res: any, _next: any) => {
    res.status(error.status ?? 500).json({ code: error.code, message: error.message })
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    visitor: (cookies = []) => visitorOf(url, new Map(cookies)),
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A visitor of one or several apps at the same host, such as an old and a new server. */
export function visitorOf(url: string, cookies: Map<string, string>): Visitor {
  async function visit(path: string, init: RequestInit, headers: Record<string, string> = {}) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url + path, {
      ...init,
      redirect: 'manual',
      headers: { ...headers, ...(cookie && { cookie }), 'content-type': 'application/json' },
    })
    const setCookie = response.headers.getSetCookie()
    for (const line of setCookie) keep(cookies, line)
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json')
    return {
      status: response.status,
      text,
      json: isJson ? (JSON.parse(text) as unknown) : undefined,
      setCookie,
    }
  }
  return {
    get: (path, headers) => visit(path, {}, headers),
    post: (path, body) => visit(path, { method: 'POST', body: JSON.stringify(body) }),
    cookies,
  }
}

function keep(cookies: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';')
  const equals = pair.indexOf('=')
  const isRemoved = attributes.some((one) => {
    const [name = '', value = ''] = one.trim().split('=')
    if (/^max-age$/i.test(name)) return Number(value) <= 0
    return /^expires$/i.test(name) && new Date(value).valueOf() <= Date.now()
  })
  if (isRemoved) cookies.delete(pair.slice(0, equals))
  else cookies.set(pair.slice(0, equals), pair.slice(equals + 1))
}

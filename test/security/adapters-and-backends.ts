/** Every way an app can be reached, and every place its sessions can be kept: for the tests that attack them. */

import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { onTestFinished } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { withSessions as withFetchSessions } from '../../src/adapters/fetch.ts'
import { withSessions } from '../../src/adapters/node/node.ts'
import type { Clock } from '../../src/base/ports.ts'
import {
  createSessions,
  type Session,
  type SessionOptions,
  type Sessions,
  type SessionEvent,
} from '../../src/index.ts'
import type { SessionStore } from '../../src/backends/stored/store.ts'
import { errorPage, serve } from '../promises/site.ts'
import { sessionsOn, type StoreName, STORES, storeOf } from '../promises/stores.ts'
import { SECRET } from '../session/visitor.ts'
import { type Ask, askOver1, askOver2 } from './asking.ts'
import { factsOf } from '../session/facts-of.ts'

/** What a request asks for. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  header(name: string): string | undefined
}

/** What a page answers. */
export interface Reply {
  status?: number
  headers?: readonly (readonly [name: string, value: string])[]
  /** Several pieces are streamed, one after the other. */
  body?: string | readonly string[]
}

/** What a request comes to; it may never ask for the session. */
export type Page = (open: () => Promise<Session<any>>, asked: Asked) => Promise<Reply> | Reply

type Serve = (sessions: Sessions<any>, page: Page) => Promise<Ask>

/** The ways an app takes this library in: each a real server, save Fetch, whose handler is called. */
export const ADAPTERS = {
  async Express(sessions, page) {
    const app = express().disable('x-powered-by').use(sessionMiddleware(sessions))
    app.use(async (req, res) => {
      const {
        status = 200,
        headers = [],
        body = '',
      } = await page(
        () => sessions.get(req),
        asked(req.method, req.url, (name) => req.get(name)),
      )
      for (const [name, value] of headers) res.append(name, value)
      // `send` makes an ETag and answers 304 by itself.
      if (typeof body === 'string') res.status(status).send(body)
      else stream(res.status(status), body)
    })
    return askOver1(await serve(app.use(errorPage)))
  },
  async Fetch(sessions, page) {
    const handler = withFetchSessions(sessions, async (request) => {
      const { pathname, search } = new URL(request.url)
      const {
        status = 200,
        headers = [],
        body = '',
      } = await page(
        () => sessions.get(request),
        asked(request.method, pathname + search, (name) => request.headers.get(name) ?? undefined),
      )
      const isEmpty = request.method === 'HEAD' || status === 304
      const text = typeof body === 'string' ? body : streamOf(body)
      return new Response(isEmpty ? null : text, { status, headers: headers.map(([...h]) => h) })
    })
    return async (path, { method = 'GET', headers = {} } = {}) => {
      const response = await handler(new Request(`http://site${path}`, { method, headers }))
      return {
        status: response.status,
        headers: response.headers,
        body: await response.text(),
      }
    }
  },
  async 'node:http'(sessions, page) {
    return askOver1(
      await serve(withSessions(sessions, (req, res) => send(sessions, page, req, res))),
    )
  },
  async 'node:http2'(sessions, page) {
    const listener = withSessions<Http2ServerRequest, Http2ServerResponse>(sessions, (req, res) =>
      send(sessions, page, req, res),
    )
    const server = createServer(listener).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    onTestFinished(() => new Promise((closed) => void server.close(() => closed())))
    return askOver2(`http://127.0.0.1:${port}`)
  },
} satisfies Record<string, Serve>

export type AdapterName = keyof typeof ADAPTERS

export const ADAPTER_NAMES = Object.keys(ADAPTERS) as AdapterName[]

async function send(
  sessions: Sessions<any>,
  page: Page,
  req: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
): Promise<void> {
  // The compatibility API has the same methods, under other types.
  const res = response as ServerResponse
  const {
    status = 200,
    headers = [],
    body = '',
  } = await page(
    () => sessions.get(req),
    asked(req.method, req.url, (name) => req.headers[name]?.toString()),
  )
  for (const [name, value] of headers) res.appendHeader(name, value)
  res.statusCode = status
  if (typeof body === 'string') res.end(req.method === 'HEAD' || status === 304 ? '' : body)
  else stream(res, body)
}

function asked(method = 'GET', url = '/', header: Asked['header']): Asked {
  const { pathname, searchParams } = new URL(url, 'http://site')
  return { method, path: pathname.slice(1), query: searchParams, header }
}

function stream(res: ServerResponse, pieces: readonly string[]): void {
  for (const piece of pieces) res.write(piece)
  res.end()
}

function streamOf(pieces: readonly string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return ReadableStream.from(pieces.map((piece) => encoder.encode(piece)))
}

const ENCRYPTED = ', rows encrypted'

/** The places a session can be kept in. */
export const COOKIES = ['signed cookie', 'encrypted cookie'] as const
export const STORED = [...STORES, ...STORES.map((name) => `${name}${ENCRYPTED}` as const)] as const
export const BACKENDS = [...COOKIES, ...STORED] as const

export type BackendName = (typeof BACKENDS)[number]

/** One place for the sessions of one test. */
export interface BackendOfTest {
  readonly name: BackendName
  /** The store, if there is one. */
  readonly store: SessionStore | undefined
  /** Sessions kept there; called again, they are those of another process. */
  sessions(options?: Partial<SessionOptions>): ReturnType<typeof sessionsOn>
  /** The keys of the rows there. */
  keys(): Promise<string[]>
}

/** Opens an empty place, and removes it when the test is over. */
export async function backendOf(name: BackendName, clock: Clock): Promise<BackendOfTest> {
  const isEncrypted = name.endsWith(ENCRYPTED) || name === 'encrypted cookie'
  const store = isCookie(name)
    ? undefined
    : (await storeOf(name.replace(ENCRYPTED, '') as StoreName, clock)).store
  return {
    name,
    store,
    sessions(options = {}) {
      const encrypt = isEncrypted ? { encrypt: true } : {}
      const given = { clock, ...encrypt, ...options }
      if (store) return sessionsOn(store, given)
      const events: ReturnType<typeof sessionsOn>['events'] = []
      const onEvent = (event: SessionEvent) => void events.push(factsOf(event))
      // Callers ask across sessions only where there is a store.
      const sessions = createSessions<any>({ secret: SECRET, onEvent, ...given })
      return { sessions: sessions as ReturnType<typeof sessionsOn>['sessions'], events }
    },
    async keys() {
      const keys: string[] = []
      for await (const some of store?.keys() ?? []) keys.push(...some)
      return keys
    },
  }
}

export function isCookie(name: BackendName): name is (typeof COOKIES)[number] {
  return (COOKIES as readonly string[]).includes(name)
}

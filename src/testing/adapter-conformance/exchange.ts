/** What the app of the adapter suite receives and replies, for `node:http` and for Fetch. */

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Maybe } from '../../base/ports.ts'

/** A request, as the suite's handler needs it. */
export interface AppRequest {
  /** The HTTP method. */
  readonly method: string
  /** The path of the URL, without the query. */
  readonly path: string
  /** A request header by its lower-case name. */
  header(name: string): string | undefined
  /** Reads the whole body. */
  text(): Promise<string>
}

/** What the suite's handler wants sent: with the framework's own calls, if you can. */
export interface AppReply {
  /** The HTTP status. */
  readonly status: number
  /** Names in lower case. Without Set-Cookie. */
  readonly headers: Readonly<Record<string, string>>
  /** Set-Cookie lines of the app's own, to be sent as they are. */
  readonly cookies: readonly string[]
  /** The body: a text, or chunks that arrive over time; `null` for none. */
  readonly body: string | AsyncIterable<Uint8Array> | null
  /**
   * Send it in a way that leaves the headers fixed: `writeHead` in Node, a `Response` with immutable
   * headers in Fetch. A framework that cannot ignores it.
   *
   * @default false
   */
  readonly isFixed?: boolean
}

/**
 * The request of `node:http`, or of Fetch.
 *
 * @example
 * import { appRequest } from 'sojourn/testing'
 * const { method, path } = appRequest(req)
 */
export function appRequest(request: IncomingMessage | Request): AppRequest {
  const { headers } = request
  const url = new URL(request.url ?? '/', 'http://localhost')
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    header(name) {
      const value = headers instanceof Headers ? headers.get(name) : headers[name]
      return value === null || value === undefined ? undefined : String(value)
    },
    text: () => ('text' in request ? request.text() : text(request)),
  }
}

/**
 * Sends a reply with the methods of `node:http`. Fulfilled when it is sent, or the client is gone.
 *
 * @example
 * import { type ConformanceApp, appRequest, sendReply } from 'sojourn/testing'
 * const use = ({ handle }: ConformanceApp) =>
 *   app.use(async (req, res) => sendReply(res, await handle(req, appRequest(req))))
 */
export async function sendReply(res: ServerResponse, reply: AppReply): Promise<void> {
  const { status, headers, cookies, body, isFixed } = reply
  if (isFixed) {
    const lines = Object.entries(headers).concat(cookies.map((line) => ['set-cookie', line]))
    res.writeHead(status, lines.flat())
  } else {
    res.statusCode = status
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
    for (const line of cookies) res.appendHeader('set-cookie', line)
  }
  if (body === null || typeof body === 'string') return void res.end(body ?? undefined)
  const sent = new Promise<void>((resolve) => res.once('close', () => resolve()))
  Readable.from(body).pipe(res)
  await sent
}

/**
 * Makes the `Response` of a reply. A reply that is given again gets the same object, without a body.
 *
 * @example
 * import { type ConformanceApp, appRequest, responseOf } from 'sojourn/testing'
 * const handler = async ({ handle }: ConformanceApp, request: Request) =>
 *   responseOf(await handle(request, appRequest(request)))
 */
export function responseOf(reply: AppReply): Response {
  const known = reply.body === null ? responses.get(reply) : undefined
  const response = known ?? makeResponse(reply)
  responses.set(reply, response)
  return response
}

const responses = new WeakMap<AppReply, Response>()

function makeResponse({ status, headers, cookies, body, isFixed }: AppReply): Response {
  const { location } = headers
  if (isFixed && location) return Response.redirect(location, status as 303)
  const all = new Headers({ ...headers })
  for (const line of cookies) all.append('set-cookie', line)
  const stream = body === null || typeof body === 'string' ? body : ReadableStream.from(body)
  return new Response(stream, { status, headers: all })
}

/** An app that listens. */
export interface StartedApp {
  /** Such as `http://127.0.0.1:4711`. */
  readonly origin: string
  /** Closes it with its connections. */
  stop(): Maybe<unknown>
}

/** A server of Node that can listen: `http.Server`, or what a framework makes of one. */
export interface ConformanceServer extends Pick<Server, 'address'> {
  /** Begins to listen, and calls `listening`. */
  listen(port: number, host: string, listening: () => void): unknown
  /** Stops, and calls `closed` once every connection has ended. */
  close(closed: () => void): unknown
  /** Ends the connections that are open. */
  closeAllConnections?(): void
}

/**
 * Lets a server listen on a free port of this machine.
 *
 * @example
 * import { createServer } from 'node:http'
 * import { startServer } from 'sojourn/testing'
 * const { origin, stop } = await startServer(createServer(app))
 */
export async function startServer(server: ConformanceServer): Promise<StartedApp> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = new Promise<void>((resolve) => void server.close(resolve))
      server.closeAllConnections?.()
      await closed
    },
  }
}

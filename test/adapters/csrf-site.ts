/** A site with one form behind each adapter, guarded against other sites, and what asks it over the wire. */

import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type RequestListener } from 'node:http'
import { connect, createServer as createServer2 } from 'node:http2'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { Readable } from 'node:stream'
import type express from 'express'
import { onTestFinished } from 'vitest'
import { csrfGuard, sessionMiddleware } from '../../src/adapters/express.ts'
import {
  csrfGuard as csrfFetchGuard,
  withSessions as withFetchSessions,
} from '../../src/adapters/fetch.ts'
import { withSessions } from '../../src/adapters/node/node.ts'
import type { Sessions } from '../../src/index.ts'
import { EXPRESS } from './express-versions.ts'
import { testSessions } from '../session/visitor.ts'

/** A request as it goes over the wire: header lines one after the other, some perhaps twice. */
export interface Sent {
  method: string
  headers?: readonly (readonly [name: string, value: string])[]
  body?: string | readonly string[]
}

/** What came back. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** The site while it runs. */
export interface GuardedSite {
  /** What its Origin is. */
  readonly origin: string
  ask(sent: Sent): Promise<Answer>
  /** What the form was told to do, by requests that passed. */
  readonly done: string[]
}

/** Serves the site: what passes the guard is noted, with the length of the body the handler has read. */
export type ServeGuarded = (sessions: Sessions<any>) => Promise<GuardedSite>

export const GUARDED: Readonly<Record<string, ServeGuarded>> = {
  Express: (sessions) => onExpress(EXPRESS['Express'], sessions),
  'Express 4': (sessions) => onExpress(EXPRESS['Express 4'], sessions),

  async Fetch(sessions) {
    const done: string[] = []
    const handler = withFetchSessions(
      sessions,
      csrfFetchGuard(sessions, async (request) => {
        const fields = new URLSearchParams(await request.text())
        done.push(`${request.method} ${fields.get('act') ?? undefined}`)
        return new Response('done')
      }),
    )
    return over1(asListener(handler), done)
  },

  async 'node:http'(sessions) {
    const done: string[] = []
    const listener = withSessions(sessions, async (req, res) => {
      const fields = new URLSearchParams(Buffer.concat(await req.toArray()).toString())
      await sessions.checkCsrf(req, fields.get('_csrf') ?? undefined)
      done.push(`${req.method} ${fields.get('act') ?? undefined}`)
      res.end('done')
    })
    return over1(listener, done)
  },

  async 'node:http2'(sessions) {
    const done: string[] = []
    const listener = withSessions<Http2ServerRequest, Http2ServerResponse>(
      sessions,
      async (req, res) => {
        const fields = new URLSearchParams(Buffer.concat(await req.toArray()).toString())
        await sessions.checkCsrf(req, fields.get('_csrf') ?? undefined)
        done.push(`${req.method} ${fields.get('act') ?? undefined}`)
        res.end('done')
      },
    )
    const origin = await listening(createServer2(listener))
    return { origin, done, ask: (sent) => askOver2(origin, sent) }
  },
}

async function onExpress(make: typeof express, sessions: Sessions<any>): Promise<GuardedSite> {
  const done: string[] = []
  const app = make()
  app.set('env', 'production').disable('etag').use(sessionMiddleware(sessions))
  app.use(make.urlencoded({ extended: false, limit: '2mb' }), make.json())
  app.use(csrfGuard(sessions))
  app.use((req, res) => {
    done.push(`${req.method} ${String((req.body as { act?: string } | undefined)?.act)}`)
    res.send('done')
  })
  return over1(app, done)
}

/** Hands a Fetch handler what comes over the wire, as the runtimes that have one do. */
export function asListener(handler: (request: Request) => Promise<Response>): RequestListener {
  return async (req, res) => {
    const headers = new Headers()
    for (let at = 0; at < req.rawHeaders.length; at += 2) {
      headers.append(req.rawHeaders[at]!, req.rawHeaders[at + 1]!)
    }
    const { method = '' } = req
    const hasBody = method !== 'GET' && method !== 'HEAD'
    const body = hasBody ? (Readable.toWeb(req) as ReadableStream<Uint8Array>) : null
    const response = await handler(
      new Request(`http://${req.headers.host}${req.url}`, {
        method,
        headers,
        body,
        duplex: 'half',
      }),
    )
    res.writeHead(response.status, [...response.headers].flat()).end(await response.text())
  }
}

/** Serves a listener over HTTP/1.1. */
export async function over1(listener: RequestListener, done: string[]): Promise<GuardedSite> {
  const server = createServer(listener)
  const origin = await listening(server)
  onTestFinished(() => server.closeAllConnections())
  return { origin, done, ask: (sent) => askOver1(origin, sent) }
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function askOver1(origin: string, { method, headers = [], body = '' }: Sent) {
  const given = headers.some(([name]) => name === 'host') ? [] : ['host', new URL(origin).host]
  const message = request(origin, { method, agent: false, headers: [...given, ...headers.flat()] })
  const answered = once(message, 'response')
  Readable.from([body].flat()).pipe(message)
  const [response] = (await answered) as [IncomingMessage]
  const text = Buffer.concat(await response.toArray()).toString()
  const found = new Headers(response.headers as Record<string, string>)
  return { status: response.statusCode ?? 0, headers: found, body: text }
}

async function askOver2(origin: string, { method, headers = [], body = '' }: Sent) {
  const client = connect(origin)
  const { host } = new URL(origin)
  const lines: Record<string, string | string[]> = { ':method': method, ':authority': host }
  for (const [name, value] of headers) {
    const before = lines[name]
    lines[name] = before === undefined ? value : [before, value].flat()
  }
  const stream = client.request(lines)
  const answered = once(stream, 'response')
  if (!stream.writableEnded) stream.end([body].flat().join(''))
  const [head] = (await answered) as [Record<string, string>]
  const text = Buffer.concat(await stream.toArray()).toString()
  client.close()
  const found = Object.entries(head).filter(([name]) => !name.startsWith(':'))
  return { status: Number(head[':status']), headers: new Headers(found), body: text }
}

/** How a form says what it is. */
export const FORM = ['content-type', 'application/x-www-form-urlencoded'] as const

/** Sessions, and two visitors with their cookies and tokens. */
export async function visitors(options: Parameters<typeof testSessions>[0] = {}) {
  const made = testSessions({ trustedOrigins: ['https://pay.example'], ...options })
  async function someone(userId: string) {
    const session = await made.sessions.open(undefined)
    session.login(userId)
    const [line = ''] = (await session.commit()).getSetCookie()
    return { cookie: ['cookie', line.split(';')[0]!] as const, token: session.csrfToken() }
  }
  return { ...made, me: await someone('ada'), her: await someone('grace') }
}

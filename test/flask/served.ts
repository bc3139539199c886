/** Serves a recorded step through each adapter: Fetch in this process, the others over a socket. */

import { createServer, request as send, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { sessionPlugin } from '../../src/adapters/fastify.ts'
import { withSessions } from '../../src/adapters/fetch.ts'
import { sessionMiddleware as honoSessions } from '../../src/adapters/hono.ts'
import { sessionMiddleware as koaSessions } from '../../src/adapters/koa.ts'
import type { Sessions } from '../../src/index.ts'
import type { Answer, Reply, Serve } from './behaviour.ts'
import type { Step } from './fixtures.ts'

/** What handles the step; it is found by a carrier of the adapter. */
type Handle = (carrier: object) => Promise<Answer>

const overFetch: Serve = async (sessions, step, handle) => {
  const handler = withSessions(sessions, async (request) => responseOf(await handle(request)))
  const { path, method } = step
  const request = new Request(`http://localhost${path}`, { method, headers: headersOf(step) })
  const response = await handler(request)
  return {
    status: response.status,
    // A server leaves out the body of HEAD.
    body: method === 'HEAD' ? '' : await response.text(),
    location: response.headers.get('location'),
    vary: response.headers.get('vary') ?? '',
    setCookie: response.headers.getSetCookie(),
  }
}

function responseOf({ status, headers, text, stream }: Answer): Response {
  if ([204, 304].includes(status)) return new Response(null, { status, headers })
  if (!stream) return new Response(text, { status, headers })
  const body = new ReadableStream(
    {
      async pull(controller) {
        controller.enqueue(new TextEncoder().encode(await stream()))
        controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { status, headers })
}

function onExpress(sessions: Sessions, handle: Handle): RequestListener {
  const app = express().disable('x-powered-by').disable('etag').use(sessionMiddleware(sessions))
  return app.use(async (req, res) => {
    const { status, headers, text, stream } = await handle(req)
    res.status(status)
    for (const [name, value] of headers) res.append(name, value)
    if (!stream) return void res.send(text)
    res.flushHeaders()
    res.end(await stream())
  })
}

async function onFastify(sessions: Sessions, handle: Handle): Promise<RequestListener> {
  const app = fastify({ exposeHeadRoutes: false })
  await app.register(sessionPlugin, { sessions })
  app.addContentTypeParser('*', (_request, _body, done) => done(null))
  app.all('*', async (request, reply) => {
    const { status, headers, text, stream } = await handle(request)
    reply.code(status)
    const varied = headers.filter(([name]) => name === 'Vary').map(([, value]) => value)
    for (const [name, value] of headers) if (name !== 'Vary') reply.header(name, value)
    if (varied.length > 0) reply.header('Vary', varied.join(', '))
    async function* body() {
      // Fastify sends the headers with the first part.
      yield FIRST_PART
      yield await stream!()
    }
    return reply.send(stream ? Readable.from(body()) : text)
  })
  await app.ready()
  return (req, res) => app.routing(req, res)
}

/** Is taken away again from what was sent. */
const FIRST_PART = '\n'

function onKoa(sessions: Sessions, handle: Handle): RequestListener {
  const app = new Koa().use(koaSessions(sessions))
  app.use(async (ctx) => {
    const { status, headers, text, stream } = await handle(ctx)
    ctx.status = status
    if (![204, 304].includes(status)) ctx.body = text
    for (const [name, value] of headers) ctx.append(name, value)
    if (!stream) return
    ctx.remove('content-length')
    ctx.flushHeaders()
    ctx.body = Readable.from([await stream()])
  })
  return app.callback()
}

function onHono(sessions: Sessions, handle: Handle): RequestListener {
  const app = new Hono().use(honoSessions(sessions))
  app.all('*', async (c) => responseOf(await handle(c)))
  return getRequestListener(app.fetch)
}

/** Listens while a step is served. */
function overHttp(
  listenerOf: (sessions: Sessions, handle: Handle) => RequestListener | Promise<RequestListener>,
): Serve {
  return async (sessions, step, handle) => {
    const server = createServer(await listenerOf(sessions, handle))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      return await ask((server.address() as AddressInfo).port, step)
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}

function ask(port: number, step: Step): Promise<Reply> {
  const { path, method } = step
  return new Promise((resolve, reject) => {
    const outgoing = send(
      { host: '127.0.0.1', port, path, method, headers: headersOf(step) },
      async (response) => {
        let body = ''
        for await (const chunk of response.setEncoding('utf8')) body += chunk as string
        resolve({
          status: response.statusCode!,
          body: body.startsWith(FIRST_PART) ? body.slice(1) : body,
          location: response.headers.location ?? null,
          vary: response.headers.vary ?? '',
          setCookie: response.headers['set-cookie'] ?? [],
        })
      },
    )
    outgoing.on('error', reject).end()
  })
}

function headersOf({ request_headers: headers, request_cookie: cookie }: Step) {
  return { ...headers, ...(cookie !== null && { cookie }) }
}

/** The adapters over which the recorded behaviour is replayed. */
export const SERVED: Readonly<Record<string, Serve>> = {
  'the Fetch adapter': overFetch,
  Express: overHttp(onExpress),
  Fastify: overHttp(onFastify),
  Koa: overHttp(onKoa),
  Hono: overHttp(onHono),
}

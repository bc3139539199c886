/** A session behaves as Flask's, step by step, over the Fetch adapter and over Express. */

import { createServer, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { withSessions } from '../../src/adapters/fetch.ts'
import type { Sessions } from '../../src/index.ts'
import { type Answer, checkScenario, type Reply, type Serve } from './behaviour.ts'
import { scenarios } from './fixtures.ts'

const overFetch: Serve = async (sessions, step, handle) => {
  const handler = withSessions(sessions, async (request) => {
    const { status, headers, text, stream } = await handle(request)
    const bodiless = [204, 304].includes(status) || step.method === 'HEAD'
    if (bodiless) return new Response(null, { status, headers })
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
  })
  const response = await handler(
    new Request(`http://localhost${step.path}`, {
      method: step.method,
      headers: {
        ...step.request_headers,
        ...(step.request_cookie === null ? {} : { cookie: step.request_cookie }),
      },
    }),
  )
  return {
    status: response.status,
    body: await response.text(),
    location: response.headers.get('location'),
    vary: response.headers.get('vary') ?? '',
    setCookie: response.headers.getSetCookie(),
  }
}

let current: { sessions: Sessions; handle: (carrier: object) => Promise<Answer> }
const app = express().disable('x-powered-by').disable('etag')
app.use((req, res, next) => sessionMiddleware(current.sessions)(req, res, next))
app.use(async (req, res) => {
  const { status, headers, text, stream } = await current.handle(req)
  res.status(status)
  for (const [name, value] of headers) res.append(name, value)
  if (!stream) return void res.send(text)
  res.flushHeaders()
  res.end(await stream())
})
const server = createServer(app)

const overExpress: Serve = (sessions, step, handle) => {
  current = { sessions, handle }
  return new Promise<Reply>((resolve, reject) => {
    const outgoing = send(
      {
        port: (server.address() as AddressInfo).port,
        path: step.path,
        method: step.method,
        headers: {
          ...step.request_headers,
          ...(step.request_cookie === null ? {} : { cookie: step.request_cookie }),
        },
      },
      async (response) => {
        let body = ''
        for await (const chunk of response.setEncoding('utf8')) body += chunk as string
        resolve({
          status: response.statusCode!,
          body,
          location: response.headers.location ?? null,
          vary: response.headers.vary ?? '',
          setCookie: response.headers['set-cookie'] ?? [],
        })
      },
    )
    outgoing.on('error', reject).end()
  })
}

beforeAll(() => new Promise<void>((resolve) => void server.listen(0, resolve)))
afterAll(() => void server.close())

describe.each([
  ['the Fetch adapter', overFetch],
  ['Express', overExpress],
])('a session behaves as in Flask, through %s', (_, serve) => {
  for (const scenario of scenarios) it(scenario.name, () => checkScenario(scenario, serve))
})

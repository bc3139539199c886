/** An error that the app does not catch is sent with its own status by each framework itself. */

import { serve as serveHono } from '@hono/node-server'
import Fastify from 'fastify'
import { H3, serve as serveH3, toResponse } from 'h3'
import { Hono } from 'hono'
import Koa from 'koa'
import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import { isRouteErrorResponse } from 'react-router'
import { expect, it, onTestFinished } from 'vitest'
import { sessionPlugin } from '../../src/adapters/fastify.ts'
import { sessionMiddleware as h3Sessions } from '../../src/adapters/h3.ts'
import { sessionMiddleware as honoSessions } from '../../src/adapters/hono.ts'
import { sessionMiddleware as koaSessions } from '../../src/adapters/koa.ts'
import { SessionError } from '../../src/base/errors.ts'
import { createSessions } from '../../src/index.ts'

const sessions = createSessions({ secret: 'dialects-of-errors-4c0d9b7e21f8a365' })

async function addressOf(server: Server): Promise<string> {
  onTestFinished(() => void server.close())
  if (!server.listening) await new Promise((resolve) => void server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const APPS: Record<string, () => Promise<string>> = {
  async Fastify() {
    const app = Fastify()
    onTestFinished(() => app.close())
    await app.register(sessionPlugin, { sessions })
    app.get('/', async (request) => (await sessions.signedIn(request)).userId)
    return app.listen({ port: 0, host: '127.0.0.1' })
  },
  async Koa() {
    const app = new Koa()
    app.on('error', () => {})
    app.use(koaSessions(sessions))
    app.use(async (ctx) => {
      ctx.body = (await sessions.signedIn(ctx)).userId
    })
    return addressOf(app.listen(0, '127.0.0.1'))
  },
  async Hono() {
    const app = new Hono()
    app.use(honoSessions(sessions))
    app.get('/', async (c) => c.text((await sessions.signedIn(c)).userId))
    return addressOf(serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server)
  },
  async h3() {
    const app = new H3()
    app.use(h3Sessions(sessions, toResponse))
    app.get('/', async (event) => (await sessions.signedIn(event)).userId)
    const server = serveH3(app, { port: 0, hostname: '127.0.0.1', silent: true })
    onTestFinished(() => server.close())
    await server.ready()
    return server.url!
  },
}

it.each(Object.keys(APPS))('%s sends the 401 of a visitor who is not signed in', async (name) => {
  const response = await fetch(await APPS[name]!())
  expect(response.status).toBe(401)
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('vary')).toContain('Cookie')
})

it.each(['Koa', 'Hono', 'h3'])('%s shows visitors no message for developers', async (name) => {
  const response = await fetch(await APPS[name]!())
  expect(await response.text()).not.toContain('Redirect to the sign-in page')
})

it("is a route error in React Router's error boundary, also in the browser", () => {
  const error = new SessionError('ERR_CSRF')
  expect(isRouteErrorResponse(error)).toBe(true)
  // What the server serializes for the browser.
  expect({ ...error }).toMatchObject({ status: 403, statusText: 'Forbidden', internal: false })
})

it('a mistake of the program has no response of its own: frameworks log it as a 500', () => {
  const error = new SessionError('ERR_UPDATE_ASYNC', 'visits')
  for (const name of ['getResponse', 'toResponse', 'data', 'statusText', 'internal']) {
    expect(name in error).toBe(false)
  }
})

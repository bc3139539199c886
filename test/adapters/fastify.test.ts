/** What is particular to Fastify: scopes, `inject`, hooks, error handlers, replies that were hijacked. */

import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import formbody from '@fastify/formbody'
import { randomBytes } from 'node:crypto'
import { connect } from 'node:http2'
import { Readable } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { csrfGuard, loginRequired, sessionPlugin } from 'sojourn/fastify'
import { createSessions, type SessionOptions } from 'sojourn'
import { memoryStore } from 'sojourn/stores/memory'
import { SECRET } from '../session/visitor.ts'

const settings = { secret: SECRET, cookie: { name: 'session', secure: false } }
const sessions = createSessions<any>(settings)

function appWith<App extends { close(): PromiseLike<unknown> }>(app: App): App {
  onTestFinished(async () => void (await app.close()))
  return app
}

async function visits(request: object): Promise<string> {
  const session = await sessions.get(request)
  return `visits ${session.update('visits', (n = 0) => n + 1)}`
}

describe('sessionPlugin', () => {
  it('works under `inject`, whose responses have no connection', async () => {
    const app = appWith(Fastify())
    app.register(sessionPlugin, { sessions }).get('/', visits)
    const first = await app.inject('/')
    const [cookie] = first.cookies
    const second = await app.inject({ path: '/', cookies: { [cookie!.name]: cookie!.value } })
    expect([first.body, second.body]).toEqual(['visits 1', 'visits 2'])
    expect(second.headers['vary']).toBe('Cookie')
  })

  it('holds where it is registered, in the scopes inside, and nowhere else', async () => {
    const app = appWith(Fastify())
    app.register(async (shop) => {
      await shop.register(sessionPlugin, { sessions })
      shop.get('/shop', visits)
      shop.register(async (cart) => void cart.get('/cart', visits))
    })
    app.get('/outside', visits)
    expect((await app.inject('/shop')).body).toBe('visits 1')
    expect((await app.inject('/cart')).body).toBe('visits 1')
    const outside = await app.inject('/outside')
    expect([outside.statusCode, outside.json().code]).toEqual([500, 'ERR_SESSION_NOT_MOUNTED'])
  })

  it('has a name for other plugins to depend on', async () => {
    const app = appWith(Fastify())
    await app.register(sessionPlugin, { sessions })
    expect(app.hasPlugin('sojourn')).toBe(true)
  })

  it('shares one session between every hook, the handler and `current`', async () => {
    const app = appWith(Fastify())
    await app.register(sessionPlugin, { sessions })
    await app.register(formbody)
    const note = async (request: FastifyRequest, name: string) => {
      const session = await sessions.get(request)
      if (session !== (await sessions.current())) throw new Error(`another session in ${name}`)
      session.update('hooks', (names = '') => `${names} ${name}`)
    }
    for (const name of [
      'onRequest',
      'preParsing',
      'preValidation',
      'preHandler',
      'onSend',
    ] as const)
      app.addHook(name as 'onRequest', async (request) => note(request, name))
    app.post('/', async (request) => note(request, 'handler').then(() => 'done'))
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const { cookies } = await app.inject({ method: 'POST', path: '/', headers, body: 'a=1' })
    const saved = await sessions.open(`session=${cookies.at(-1)!.value}`)
    // Also what an `onSend` hook changes after the commit of the plugin.
    expect(saved.get('hooks')).toBe(' onRequest preParsing preValidation preHandler handler onSend')
  })

  it('commits before a reply that is hijacked', async () => {
    const app = appWith(Fastify())
    await app.register(sessionPlugin, { sessions })
    app.get('/', async (request, reply) => {
      reply.hijack()
      reply.raw.end(await visits(request))
    })
    const { body, cookies } = await app.inject('/')
    expect([body, cookies.length]).toEqual(['visits 1', 1])
  })

  it('works with an app over HTTP/2', async () => {
    const app = appWith(Fastify({ http2: true }))
    await app.register(sessionPlugin, { sessions })
    app.get('/', { preHandler: loginRequired(sessions, { redirect: '/login' }) }, () => 'never')
    app.get('/login', visits)
    const client = connect(await app.listen({ port: 0, host: '127.0.0.1' }))
    onTestFinished(() => void client.close())
    const ask = async (path: string) => {
      const stream = client.request({ ':path': path })
      const headers = await new Promise<any>((resolve) => void stream.once('response', resolve))
      return { headers, body: Buffer.concat(await stream.toArray()).toString() }
    }
    expect((await ask('/')).headers['location']).toBe('/login?next=%2F')
    const { headers, body } = await ask('/login')
    expect([body, headers['set-cookie']?.length]).toEqual(['visits 1', 1])
  })

  it('refuses options that are no sessions when the app starts', async () => {
    const app = appWith(Fastify())
    const wrong = app.register(sessionPlugin, { sessions: {} as typeof sessions })
    await expect(wrong).rejects.toMatchObject({ code: 'ERR_OPTION_INVALID' })
  })
})

const away = { ...memoryStore(), insert: () => Promise.reject(new Error('away')) }
const FAILURES: Record<string, [options: Partial<SessionOptions>, code: string, status: number]> = {
  'too large for the cookie': [{}, 'ERR_COOKIE_TOO_LARGE', 500],
  'in a store that is away': [{ store: away }, 'ERR_STORE_UNAVAILABLE', 503],
}

describe.each(Object.keys(FAILURES))('a session %s', (failure) => {
  const [options, code, status] = FAILURES[failure]!
  const file = Readable.from(['the ', 'page'])

  const PAGES: Record<string, (reply: FastifyReply) => unknown> = {
    '/json': () => ({ the: 'page' }),
    '/redirect': (reply) => reply.redirect('/elsewhere'),
    '/stream': (reply) => reply.type('text/plain').send(file),
    '/hijacked': (reply) => void reply.hijack().raw.end('the page'),
  }

  async function failing(setUp?: (app: FastifyInstance) => void) {
    const failing = createSessions<any>({ ...settings, ...options })
    const app = appWith(Fastify())
    setUp?.(app)
    await app.register(sessionPlugin, { sessions: failing })
    for (const [path, send] of Object.entries(PAGES)) {
      app.get(path, async (request, reply) => {
        const session = await failing.get(request)
        session.set('x', randomBytes(4000).toString('base64url'))
        reply.headers({ 'cache-control': 'public, max-age=60', etag: '"v1"' })
        return send(reply)
      })
    }
    return app
  }

  it.each(['/json', '/redirect', '/stream'])(
    "gives the app's error handler the error, in place of %s",
    async (path) => {
      const handled: string[] = []
      const app = await failing((it) =>
        it.setErrorHandler(async (error: any, _request, reply) => {
          handled.push(error.code)
          return reply.code(error.statusCode).send({ sorry: error.code })
        }),
      )
      const response = await app.inject(path)
      expect(handled).toEqual([code])
      expect([response.statusCode, response.json()]).toEqual([status, { sorry: code }])
      expect(response.headers).toMatchObject({ 'cache-control': 'no-store', vary: 'Cookie' })
      for (const name of ['set-cookie', 'etag', 'location'])
        expect(response.headers).not.toHaveProperty(name)
      if (path === '/stream') expect(file.destroyed).toBe(true)
    },
  )

  it("is an error of Fastify's own without an error handler", async () => {
    const response = await (await failing()).inject('/json')
    expect([response.statusCode, response.json().code]).toEqual([status, code])
  })

  it('is a fixed response where the reply was hijacked', async () => {
    const response = await (await failing()).inject('/hijacked')
    expect(response.statusCode).toBe(status)
    expect(response.body).toBe('Your session could not be saved. Please try again.\n')
  })
})

describe('the guards', () => {
  async function guarded() {
    const app = appWith(Fastify())
    await app.register(sessionPlugin, { sessions })
    await app.register(formbody)
    app.addHook('preHandler', csrfGuard(sessions))
    app.get('/token', async (request) => (await sessions.get(request)).set('a', 1).csrfToken())
    app.post('/form', async () => 'sent')
    app.get(
      '/account',
      { onRequest: loginRequired(sessions, { redirect: '/login' }) },
      async () => 'account',
    )
    return app
  }

  it('csrfGuard reads the token from a form', async () => {
    const app = await guarded()
    const { body: token, cookies } = await app.inject('/token')
    const send = (body: string) =>
      app.inject({
        method: 'POST',
        path: '/form',
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'null' },
        cookies: Object.fromEntries(cookies.map(({ name, value }) => [name, value])),
        body,
      })
    const headers = { 'sec-fetch-site': 'cross-site' }
    const foreign = await app.inject({ method: 'POST', path: '/form', headers })
    expect([foreign.statusCode, foreign.json().code]).toEqual([403, 'ERR_CSRF'])
    expect((await send('_csrf=forged')).statusCode).toBe(403)
    expect((await send(`_csrf=${encodeURIComponent(token)}`)).body).toBe('sent')
  })

  it('loginRequired ends the request in whichever hook it is', async () => {
    const { statusCode, headers, body } = await (await guarded()).inject('/account?tab=2')
    expect([statusCode, headers['location'], body]).toEqual([
      303,
      '/login?next=%2Faccount%3Ftab%3D2',
      '',
    ])
    expect(headers['cache-control']).toContain('no-store')
  })

  it('what was written before an error is kept, as in Flask', async () => {
    const app = appWith(Fastify())
    await app.register(sessionPlugin, { sessions })
    app.get('/', async (request) => {
      await visits(request)
      throw new Error('later')
    })
    const { statusCode, cookies } = await app.inject('/')
    expect([statusCode, cookies.length]).toEqual([500, 1])
  })
})

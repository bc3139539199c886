import fastifyCookie from '@fastify/cookie'
import realFastifySession from '@fastify/session'
import { RedisStore } from 'connect-redis'
import fastify, { type FastifyRequest } from 'fastify'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSessions, type SessionOptions } from '../../src/index.ts'
import { fastifySession, type FastifySessionOptions } from '../../src/formerly/formerly.ts'
import { fakeClock } from '../../src/testing/testing.ts'
import { startRedis, type Redis } from '../servers/redis.ts'
import { type Data, kept, OTHER, SECRET } from './libraries.ts'

const HOUR = 3_600_000

/** The store that the plugin has for development. */
const { MemoryStore } = realFastifySession as unknown as { MemoryStore: new () => never }

let redis: Redis
let client: ReturnType<typeof createClient>

beforeAll(async () => {
  redis = await startRedis()
  client = createClient({ url: redis.url })
  await client.connect()
})
afterAll(async () => {
  client.destroy()
  await redis.stop()
})

/** A server with the plugin: GET / returns the session's data, POST / adds to it, DELETE / ends it. */
async function served(options: Omit<FastifySessionOptions, 'userId'>) {
  const app = fastify()
  await app.register(fastifyCookie)
  await app.register(realFastifySession, { saveUninitialized: false, ...options } as never)
  const dataOf = ({ session }: FastifyRequest) => {
    const { cookie: _, ...data } = JSON.parse(JSON.stringify(session)) as Data
    return data
  }
  app.get('/', dataOf)
  app.post('/', (request) => {
    Object.assign(request.session, request.body)
    return dataOf(request)
  })
  app.delete('/', async (request) => {
    await (request.session as unknown as { destroy(): Promise<void> }).destroy()
    return {}
  })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  async function send(method: string, cookie: string, data?: Data) {
    const response = await fetch(origin, {
      method,
      headers: { ...(cookie && { cookie }), ...(data && { 'content-type': 'application/json' }) },
      ...(data && { body: JSON.stringify(data) }),
    })
    const cookies = kept(cookie, response.headers.getSetCookie())
    return { data: (await response.json()) as Data, cookie: cookies }
  }
  return { send, stop: () => app.close() }
}

describe.each([
  ['its own store', () => new MemoryStore()],
  ['connect-redis', () => new RedisStore({ client }) as never],
])('@fastify/session on %s', (_, makeStore) => {
  it.each([
    ['its defaults', {}],
    ['a maxAge and a prefix', { cookiePrefix: 's:', cookie: { secure: false, maxAge: HOUR } }],
    ['no rolling, another hash', { rolling: false, algorithm: 'sha512' as const }],
  ])('shares its sessions with Sojourn: %s', async (__, more) => {
    const options = { secret: SECRET, store: makeStore(), cookie: { secure: false }, ...more }
    const server = await served(options)
    const sessions = createSessions(fastifySession(options))
    let { cookie } = await server.send('POST', '', { userId: 'ada', cart: ['tea'] })
    const session = await sessions.open(cookie)
    expect(session.userId).toBe('ada')
    session.set('cart', ['tea', 'lamp'])
    cookie = kept(cookie, (await session.commit()).getSetCookie())
    expect((await server.send('GET', cookie)).data).toEqual({
      userId: 'ada',
      cart: ['tea', 'lamp'],
    })
    cookie = (await server.send('POST', cookie, { seen: true })).cookie
    const again = await sessions.open(cookie)
    expect([...again.keys()].toSorted()).toEqual(['cart', 'seen', 'userId'])
    again.logout()
    expect(kept(cookie, (await again.commit()).getSetCookie())).toBe('')
    expect((await server.send('GET', cookie)).data).toEqual({})
    await server.stop()
  })

  it('takes the login of Sojourn, and ends its session for both', async () => {
    const options = { secret: [SECRET], store: makeStore(), cookie: { secure: false } }
    const server = await served(options)
    const sessions = createSessions(fastifySession(options))
    const session = await sessions.open('')
    session.login('ada')
    const cookie = kept('', (await session.commit()).getSetCookie())
    expect((await server.send('GET', cookie)).data).toEqual({ userId: 'ada' })
    await server.send('DELETE', cookie)
    expect((await sessions.open(cookie)).userId).toBeUndefined()
    await server.stop()
  })

  it('renews the id with a login and keeps the data; both keys of parallel requests are saved', async () => {
    const options = { secret: SECRET, store: makeStore(), cookie: { secure: false } }
    const server = await served(options)
    const sessions = createSessions(fastifySession(options))
    const before = (await server.send('POST', '', { cart: ['tea'] })).cookie
    const session = await sessions.open(before)
    session.login('ada')
    const cookie = kept(before, (await session.commit()).getSetCookie())
    expect(cookie).not.toBe(before)
    expect((await server.send('GET', before)).data).toEqual({})
    const [one, other] = [await sessions.open(cookie), await sessions.open(cookie)]
    one.set('theme', 'dark')
    other.set('lang', 'de')
    await Promise.all([one.commit(), other.commit()])
    expect((await server.send('GET', cookie)).data).toEqual({
      cart: ['tea'],
      userId: 'ada',
      theme: 'dark',
      lang: 'de',
    })
    await server.stop()
  })

  it('ends for good with a logout: a slow request cannot write it again', async () => {
    const options = { secret: SECRET, store: makeStore(), cookie: { secure: false } }
    const server = await served(options)
    const sessions = createSessions(fastifySession(options))
    const { cookie } = await server.send('POST', '', { userId: 'ada' })
    const [slow, fast] = [await sessions.open(cookie), await sessions.open(cookie)]
    slow.set('seen', true)
    fast.logout()
    await fast.commit()
    await expect(slow.commit()).rejects.toMatchObject({ code: 'ERR_SESSION_GONE' })
    expect((await server.send('GET', cookie)).data).toEqual({})
    await server.stop()
  })

  it('extends a session by visits, whose row has the expiry that the plugin reads', async () => {
    const clock = fakeClock()
    const options = { secret: SECRET, store: makeStore(), cookie: { secure: false, maxAge: HOUR } }
    const sessions = createSessions({ ...fastifySession(options), clock })
    const session = await sessions.open('')
    session.login('ada')
    let cookie = kept('', (await session.commit()).getSetCookie())
    for (const visit of [1, 2, 3]) {
      clock.advance(HOUR / 2)
      const visited = await sessions.open(cookie)
      expect([visit, visited.userId]).toEqual([visit, 'ada'])
      cookie = kept(cookie, (await visited.commit()).getSetCookie())
    }
  })

  it('keeps forged, expired and foreign cookies out', async () => {
    const store = makeStore()
    const options = { secret: SECRET, store, cookie: { secure: false, maxAge: HOUR } }
    const server = await served(options)
    const before = Date.now()
    const { cookie } = await server.send('POST', '', { userId: 'ada' })
    const after = Date.now()
    const userOf = async (change: Partial<SessionOptions>, text = cookie, other = {}) => {
      const sessions = createSessions({ ...fastifySession({ ...options, ...other }), ...change })
      return (await sessions.open(text)).userId
    }
    expect(await userOf({})).toBe('ada')
    expect(await userOf({ clock: () => before + HOUR - 1000 })).toBe('ada')
    expect(await userOf({ clock: () => after + HOUR + 1000 })).toBeUndefined()
    expect(await userOf({}, cookie, { secret: OTHER })).toBeUndefined()
    expect(await userOf({}, cookie, { secret: [OTHER, SECRET] })).toBe('ada')
    expect(await userOf({}, cookie, { cookieName: 'sid' })).toBeUndefined()
    expect(await userOf({}, cookie, { cookiePrefix: 's:' })).toBeUndefined()
    const dot = cookie.indexOf('.')
    for (let index = 'sessionId='.length; index < cookie.length; index++) {
      if (index === dot) continue
      const changed = cookie[index] === 'A' ? 'B' : 'A'
      const forged = cookie.slice(0, index) + changed + cookie.slice(index + 1)
      expect(await userOf({}, forged)).toBeUndefined()
      expect(await userOf({}, cookie.slice(0, index))).toBeUndefined()
    }
    await server.stop()
  })
})

it.each([
  [{ secret: SECRET }, /store/],
  [{ secret: SECRET, store: new MemoryStore(), idGenerator: () => 'x' }, /idGenerator.*random/],
  [{ secret: { sign() {}, unsign() {} }, store: new MemoryStore() }, /secret.*signer/],
  [{ secret: SECRET, store: new MemoryStore(), cookie: { secure: 'auto' } }, /secure.*true or/],
])('refuses options that it does not understand: %#', (options, message) => {
  expect(() => fastifySession(options as never)).toThrow(message)
})

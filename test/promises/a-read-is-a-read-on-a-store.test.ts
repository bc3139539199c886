import { createClient } from 'redis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { redisStore } from '../../src/stores/redis/redis.ts'
import { fakeClock } from '../../src/testing/time/clock.ts'
import { startRedis } from '../servers/redis.ts'
import { browser, expressSite, type Page } from './site.ts'
import { sessionsOn, type StoreName, STORES, storeOf, through } from './stores.ts'

const PAGES: Record<string, Page> = {
  begin: (session) => session.set('x', { y: [1] }).size,
  'sign-in': (session) => session.login('ann'),
  open: () => 'opened',
  /** Everything that reads, and nothing that writes. */
  read(session) {
    session.get('x')
    session.get('none', [])
    session.has('x')
    void [...session, ...session.keys(), ...session.values(), session.size]
    void [session.userId, session.permanent, session.isNew, session.authenticatedAt, session.label]
    void session.handle
    session.flashes()
    session.pop('none')
    session.delete('none')
    return session.has('x') || session.userId !== undefined
  },
  write: (session) => session.update('count', (count = 0) => count + 1),
}

const IDLE = 600_000

async function site(name: StoreName, idle = IDLE) {
  const clock = fakeClock()
  const { store } = await storeOf(name, clock)
  let calls: string[] = []
  const counted = through(store, (verb, _args, call) => {
    calls.push(verb)
    return call()
  })
  const { sessions, events } = sessionsOn(counted, { clock, lifetime: { idle: `${idle}ms` } })
  const visitor = browser(await expressSite(sessions, { ...PAGES }))
  return {
    clock,
    store,
    events,
    visitor,
    /** Which verbs of the store a visit calls. */
    async callsOf(path: string) {
      calls = []
      const answer = await visitor.visit(path)
      return { ...answer, calls }
    },
  }
}

describe.each(STORES)('promise 4, a read is a read, on %s', (name) => {
  test('a page that never asks for its session costs the store nothing', async () => {
    const { visitor, callsOf } = await site(name)
    await visitor.visit('begin')
    for (const cookie of [visitor.cookie, undefined, 'session=junk']) {
      visitor.cookie = cookie
      // No page has this name: Express answers 404, behind the same middleware.
      const { status, calls, headers } = await callsOf('untouched')
      expect([status, calls, headers.get('vary')]).toEqual([404, [], null])
      expect(headers.getSetCookie()).toEqual([])
    }
  })

  test('a page that reads costs one read, however much it reads', async () => {
    const { visitor, callsOf, events } = await site(name)
    await visitor.visit('begin')
    events.length = 0
    for (const path of ['open', 'read', 'read']) {
      const { calls, setCookie } = await callsOf(path)
      expect([calls, setCookie]).toEqual([['read'], undefined])
    }
    expect(events).toEqual([])
  })

  test('a page that reads and writes costs two calls, and no Set-Cookie', async () => {
    const { visitor, callsOf } = await site(name)
    await visitor.visit('begin')
    const { calls, setCookie } = await callsOf('write')
    expect([calls, setCookie]).toEqual([['read', 'swap'], undefined])
  })

  test('a first write is one insert, a first login two more calls for the list of devices', async () => {
    const { visitor, callsOf } = await site(name)
    expect((await callsOf('begin')).calls).toEqual(['insert'])
    visitor.cookie = undefined
    expect((await callsOf('sign-in')).calls).toEqual(['epoch', 'insert', 'admit'])
  })

  test('an anonymous visit stores nothing and sets nothing', async () => {
    const { store, visitor, callsOf, events } = await site(name)
    for (const path of ['open', 'read', 'untouched']) {
      const { calls, setCookie } = await callsOf(path)
      expect([calls, setCookie]).toEqual([[], undefined])
    }
    visitor.cookie = `session=${'A'.repeat(22)}.${'A'.repeat(43)}.${'A'.repeat(16)}`
    const forged = await callsOf('read')
    expect([forged.calls, forged.setCookie]).toEqual([[], undefined])
    expect(events).toEqual([{ type: 'rejected', reason: 'signature' }])
    for await (const keys of store.keys()) expect(keys).toEqual([])
  })

  test('reading saves nothing but one touch, once a tenth of the idle time has passed', async () => {
    const { visitor, callsOf, clock } = await site(name)
    await visitor.visit('begin')
    clock.advance(IDLE / 10 - 1000)
    expect((await callsOf('read')).calls).toEqual(['read'])
    clock.advance(1000)
    const due = await callsOf('read')
    expect([due.calls, due.setCookie]).toEqual([['read', 'touch'], undefined])
    expect((await callsOf('read')).calls).toEqual(['read'])
  })

  test('the touches of a visitor who only reads keep the session alive, and nothing else does', async () => {
    const { visitor, callsOf, clock } = await site(name)
    await visitor.visit('sign-in')
    for (let visit = 0; visit < 5; visit += 1) {
      clock.advance(IDLE * 0.9)
      const { calls, shown } = await callsOf('read')
      // A user's list of devices has to live as long as the session does.
      expect([calls, shown]).toEqual([['read', 'touch', 'keep'], true])
    }
    clock.advance(IDLE + 1000)
    expect((await callsOf('read')).shown).toBe(false)
  })
})

test('on the Redis server itself: nothing, one command to read, two to read and write', async () => {
  const server = await startRedis()
  const clients = [createClient({ url: server.url }), createClient({ url: server.url })] as const
  onTestFinished(async () => {
    for (const client of clients) client.destroy()
    await server.stop()
  })
  for (const client of clients) await client.connect()
  const [client, observer] = clients
  const clock = fakeClock()
  const { sessions } = sessionsOn(redisStore(client, { clock }), {
    clock,
    lifetime: { idle: `${IDLE}ms` },
  })
  const visitor = browser(await expressSite(sessions, PAGES))
  await visitor.visit('begin')
  await visitor.visit('write')
  clock.advance(IDLE / 10)
  await visitor.visit('read')

  /** The commands that thirty such visits came to, by name; those a script runs by itself are named too. */
  async function commandsOf(path: string): Promise<Record<string, number>> {
    await observer.configResetStat()
    for (let visit = 0; visit < 30; visit += 1) await visitor.visit(path)
    const stats = await observer.info('commandstats')
    const counts = [...stats.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gm)]
    const found = counts.map(([, name, calls]) => [name, Number(calls)] as const)
    return Object.fromEntries(found.filter(([name]) => name !== 'config|resetstat'))
  }

  expect(await commandsOf('untouched')).toEqual({})
  expect(await commandsOf('open')).toEqual({ get: 30 })
  expect(await commandsOf('read')).toEqual({ get: 30 })
  // The read, and one script; within the server that script reads the row and sets it.
  expect(await commandsOf('write')).toEqual({ get: 60, evalsha: 30, set: 30 })
  clock.advance(IDLE / 10)
  const touched = await commandsOf('read')
  expect(touched).toMatchObject({ evalsha: 1 })
  // Whether a user was revoked since the login stands in their list.
  await visitor.visit('sign-in')
  expect(await commandsOf('read')).toEqual({ get: 30, zmscore: 30 })
  visitor.cookie = undefined
  expect(await commandsOf('read')).toEqual({})
})

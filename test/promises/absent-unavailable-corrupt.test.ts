import { describe, expect, onTestFinished, test } from 'vitest'
import type { SessionOptions } from '../../src/index.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import { ADAPTERS, type Work } from './adapters.ts'
import { openStore } from './open-store.ts'
import { type Answer, type Browser, browser } from './site.ts'
import { barrier, sessionsOn, type StoreName, STORES, storeOf, through } from './stores.ts'

const page: Work = async (open, path) => {
  if (path === '/untouched') return 'static'
  const session = await open()
  if (path === '/sign-in') session.login('ann')
  if (path === '/write') session.update('count', (count = 0) => count + 1)
  if (path === '/sign-out') session.logout()
  return [session.userId ?? 'nobody', session.get('count') ?? 0, session.isUnavailable]
}

const SHORT = { read: '60ms', write: '60ms', commit: '200ms' } as const
const SHORT_WRITES = { ...SHORT, read: '20s' } as const

type Down = 'refusing' | 'hanging'

/** A site whose store can be taken away: what it says then is nobody's business. */
async function site(
  name: StoreName,
  adapter = 'Express',
  options: Partial<Omit<SessionOptions, 'store'>> = {},
) {
  const { store } = await storeOf(name)
  const removed = barrier()
  let down: Down | undefined
  let verbs: readonly string[] | undefined
  const { sessions, events } = sessionsOn(
    through(store, async (verb, _args, call) => {
      const isAway = down && (verbs?.includes(verb) ?? true)
      if (isAway && down === 'hanging') await new Promise(() => {})
      if (isAway) throw new Error('ECONNREFUSED redis://:hunter2@10.0.0.7:6379')
      const answer = await call()
      if (verb === 'remove') void removed.wait()
      return answer
    }),
    options,
  )
  const url = await ADAPTERS[adapter]!(sessions, page)
  // Another server of the same site, whose store is always there, signs the visitor in.
  const elsewhere = await ADAPTERS['Express']!(sessionsOn(store).sessions, page)
  const visitor = browser(elsewhere)
  await visitor.visit('sign-in')
  return {
    store,
    sessions,
    events,
    visitor: browser(url, visitor.cookie),
    elsewhere: visitor,
    newcomer: browser(url),
    removed,
    /** Takes the store away, or some of its verbs. */
    goes(how: Down, only?: readonly string[]) {
      down = how
      verbs = only
    },
    comesBack() {
      down = undefined
    },
  }
}

/** Says that it is not known who the visitor is, and when to come back; touches no cookie. */
function expectUnavailable({ status, headers, setCookie, body }: Answer): void {
  expect(status).toBe(503)
  expect(headers.get('retry-after')).toMatch(/^[1-5]$/)
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('vary')).toMatch(/\bCookie\b/)
  expect(setCookie).toBeUndefined()
  expect(body).not.toMatch(/hunter2|10\.0\.0\.7|ECONN|\["nobody/)
}

/** Asks until the server has its store again. */
async function answered(visitor: Browser, path: string): Promise<Answer> {
  for (;;) {
    const answer = await visitor.visit(path)
    if (answer.status !== 503) return answer
  }
}

const ways = Object.keys(ADAPTERS).flatMap((adapter) =>
  (['refusing', 'hanging'] as const).map((how) => [adapter, how] as const),
)

describe.each(STORES)('promise 8 on %s', (name) => {
  describe.each(ways)('through %s, the store %s', (adapter, how) => {
    test('a store that is away is an error for who needs it, and never a visitor without a session', async () => {
      const { goes, comesBack, visitor, elsewhere, newcomer, events } = await site(name, adapter, {
        deadlines: SHORT,
      })
      const { cookie } = visitor
      goes(how)
      for (const path of ['home', 'write', 'sign-in']) {
        expectUnavailable(await visitor.visit(path))
      }
      const failed = { type: 'open-failed', code: 'ERR_STORE_UNAVAILABLE' }
      expect(events).toEqual([failed, failed, failed])
      // Who brings no session and asks for nothing to be kept needs no store; nor does a static page.
      expect((await newcomer.visit('home')).shown).toEqual(['nobody', 0, false])
      expectUnavailable(await newcomer.visit('write'))
      expect((await visitor.visit('untouched')).shown).toBe('static')
      comesBack()
      expect(visitor.cookie).toBe(cookie)
      expect((await answered(visitor, 'home')).shown).toEqual(['ann', 0, false])
      expect((await answered(visitor, 'write')).shown[0]).toEqual('ann')
      expect((await elsewhere.visit('home')).shown[1]).toBeGreaterThan(0)
    })

    test('a save that is not confirmed is no success, and nobody is signed out by it', async () => {
      const { goes, visitor, elsewhere, events } = await site(name, adapter, {
        deadlines: SHORT_WRITES,
      })
      goes(how, ['swap'])
      expectUnavailable(await visitor.visit('write'))
      expect(events).toEqual([{ type: 'commit-failed', code: 'ERR_STORE_UNAVAILABLE' }])
      expect((await elsewhere.visit('home')).shown).toEqual(['ann', 0, false])
    })

    test('a logout that is not confirmed is no success either, but this browser is signed out', async () => {
      const { goes, visitor, events } = await site(name, adapter, { deadlines: SHORT_WRITES })
      goes(how, ['remove'])
      const leaving = await visitor.visit('sign-out')
      expect(leaving.status).toBe(503)
      expect(leaving.headers.get('retry-after')).toMatch(/^[1-5]$/)
      expect(leaving.headers.get('cache-control')).toBe('no-store')
      expect(leaving.headers.getSetCookie()).toEqual([
        expect.stringMatching(/^session=; .*Max-Age=0/),
      ])
      expect(visitor.cookie).toBeUndefined()
      expect(events).toEqual([{ type: 'commit-failed', code: 'ERR_STORE_UNAVAILABLE' }])
    })
  })

  test('a logout that was not confirmed is done in the background, once the store is back', async () => {
    const { goes, comesBack, visitor, elsewhere, removed } = await site(name)
    goes('refusing', ['remove'])
    expect((await visitor.visit('sign-out')).status).toBe(503)
    expect((await elsewhere.visit('home')).shown).toEqual(['ann', 0, false])
    comesBack()
    await removed.reached()
    expect((await elsewhere.visit('home')).shown).toEqual(['nobody', 0, false])
  })

  test('a save whose answer got lost is settled by the same save, and counts once', async () => {
    const { store } = await storeOf(name)
    let losses = 0
    const { sessions } = sessionsOn(
      through(store, async (verb, _args, call) => {
        const answer = await call()
        if (verb === 'swap' && losses++ === 0) throw new Error('The connection was lost.')
        return answer
      }),
    )
    const visitor = browser(await ADAPTERS['Express']!(sessions, page))
    await visitor.visit('sign-in')
    expect((await visitor.visit('write')).shown).toEqual(['ann', 1, false])
    expect((await visitor.visit('home')).shown).toEqual(['ann', 1, false])
    expect(losses).toBe(2)
  })

  test('what does not write may go on without the store, if the app says so', async () => {
    const { goes, comesBack, visitor } = await site(name, 'Express', {
      onUnavailable: 'anonymous-readonly',
    })
    const { cookie } = visitor
    goes('refusing')
    const answer = await visitor.visit('home')
    expect(answer.shown).toEqual(['nobody', 0, true])
    expect([answer.status, answer.setCookie]).toEqual([200, undefined])
    for (const path of ['write', 'sign-in', 'sign-out']) {
      expectUnavailable(await visitor.visit(path))
    }
    comesBack()
    expect(visitor.cookie).toBe(cookie)
    expect((await visitor.visit('home')).shown).toEqual(['ann', 0, false])
  })

  test('what the store holds and this library did not write is nobody, and is told apart', async () => {
    const { store, visitor, events } = await site(name)
    const key = visitor.cookie!.slice('session='.length).split('.')[0]!
    const good = (await store.read(key))!
    const [head = '', record = ''] = good.body.split('\n')
    const bodies = [
      '',
      'null',
      '{}',
      head,
      record,
      `\n${record}`,
      `[]\n${record}`,
      `${head}\n`,
      `${head}\n${record.slice(0, -3)}`,
      `${head}\n"text"`,
      `x${head}\n${record}`,
      `${head}!\n${record}`,
      `${record}\n${head}`,
      good.body.slice(1),
      '\u0000\u0001\ufffd',
      '['.repeat(10_000),
    ]
    let write = good.write
    for (const [n, body] of bodies.entries()) {
      const damaged = { ...good, write: `damage.${n}`, body }
      expect(await store.swap(key, write, damaged)).toEqual({ won: true })
      write = damaged.write
      events.length = 0
      const answer = await visitor.ask('home')
      expect([answer.status, answer.shown[0], body]).toEqual([200, 'nobody', body])
      expect(answer.setCookie).toBeUndefined()
      expect(events).toEqual([{ type: 'rejected', reason: 'corrupt' }])
    }
    // Nothing is mended in place: what is written begins a session of its own.
    await visitor.visit('write')
    expect(visitor.cookie).not.toContain(key)
    expect((await visitor.visit('home')).shown).toEqual(['nobody', 1, false])
    expect((await store.read(key))?.write).toBe(write)
  })
})

test.each([
  ['Redis', () => startRedis({ appendonly: 'always' })],
  ['PostgreSQL', () => startPostgres()],
] as const)(
  'a %s that is killed between two requests is back with the next one, without a restart of the app',
  async (engine, start) => {
    const server = await start()
    onTestFinished(() => server.stop())
    const opened = await openStore({ engine, at: server.url, name: 'killed' })
    onTestFinished(async () => void (await opened.close()))
    const { sessions } = sessionsOn(opened.store, {
      deadlines: { read: '250ms', write: '500ms', commit: '1s' },
    })
    const visitor = browser(await ADAPTERS['Express']!(sessions, page))
    await visitor.visit('sign-in')
    let count = 0
    for (const _time of ['once', 'twice']) {
      const written = await answered(visitor, 'write')
      expect(written.shown[1]).toBeGreaterThan(count)
      count = written.shown[1]
      await server.kill()
      for (const path of ['home', 'write', 'home']) expectUnavailable(await visitor.visit(path))
      await server.restart()
      const answer = await answered(visitor, 'home')
      // Nothing that was acknowledged is lost; what was refused may be there, or not.
      expect(answer.shown[0]).toBe('ann')
      expect(answer.shown[1]).toBeGreaterThanOrEqual(count)
      count = answer.shown[1]
    }
  },
)

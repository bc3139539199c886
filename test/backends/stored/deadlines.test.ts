import { describe, expect, it } from 'vitest'
import { guardedStore } from '../../../src/backends/stored/deadlines.ts'
import { pruneAll, removeAll } from '../../../src/backends/stored/upkeep.ts'
import { SessionError } from '../../../src/base/errors.ts'
import { systemRandom } from '../../../src/base/ports.ts'
import { createSessions } from '../../../src/index.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import type { StoreVerbs } from '../../../src/backends/stored/store.ts'
import { fakeClock } from '../../../src/testing/time/clock.ts'
import type { GuardedStore } from '../../../src/backends/stored/commit-work.ts'
import { bench, heldTimers, logout, set, settled } from './bench.ts'

const ROW = { write: 'w.1', recent: [], expiresAt: Date.now() + 60_000, owner: null, body: 'x' }

const never = () => new Promise<never>(() => {})

async function* hanging(): AsyncGenerator<string[]> {
  yield await never()
}

function guarded(verbs: Partial<StoreVerbs>) {
  const clock = fakeClock()
  const timers = heldTimers(clock)
  const store = guardedStore(
    { ...memoryStore({ clock }), ...verbs },
    {
      timer: timers.timer,
      clock,
      random: systemRandom,
      deadlines: { read: 250, write: 500, commit: 1000, queue: 5000 },
    },
  )
  return { store, timers }
}

/** What a promise came to, without waiting for it. */
function watch(promise: Promise<unknown>): { state: string; error?: unknown } {
  const seen: { state: string; error?: unknown } = { state: 'waiting' }
  promise.then(
    () => (seen.state = 'kept'),
    (error: unknown) => Object.assign(seen, { state: 'failed', error }),
  )
  return seen
}

const LIMIT = { most: 1_000, refuse: false }

describe('a call of a store that never answers', () => {
  it('settles at its deadline: a read after 250 ms, once', async () => {
    let calls = 0
    const { store, timers } = guarded({ read: () => ((calls += 1), never()) })
    const seen = watch(store.read('key'))
    await timers.pass(249)
    expect(seen.state).toBe('waiting')
    await timers.pass(1)
    expect(seen).toMatchObject({
      state: 'failed',
      error: { code: 'ERR_STORE_UNAVAILABLE', status: 503 },
    })
    expect(calls).toBe(1)
    await timers.pass(30_000)
    expect(timers.count).toBe(0)
  })

  it('is not made once more after its deadline, however late it fails', async () => {
    let calls = 0
    let fail = (_error: Error) => {}
    const failing = () => ((calls += 1), new Promise<never>((_, reject) => (fail = reject)))
    const { store, timers } = guarded({ read: failing })
    watch(store.read('key'))
    await timers.pass(245)
    fail(new Error('reset'))
    await timers.pass(1_000)
    expect(calls).toBe(1)
  })

  it('is one for each step of an upkeep, too', async () => {
    const { store, timers } = guarded({ prune: never, check: never, keys: hanging })
    const seen = [watch(pruneAll(store)), watch(removeAll(store)), watch(store.check())]
    await timers.pass(10_000)
    for (const each of seen) {
      expect(each).toMatchObject({ state: 'failed', error: { code: 'ERR_STORE_UNAVAILABLE' } })
    }
  })

  it('is made once more where it was a write, since none is applied twice', async () => {
    let calls = 0
    const { store, timers } = guarded({ swap: () => ((calls += 1), never()) })
    const seen = watch(store.swap('key', 'w.0', ROW))
    await timers.pass(500 + 50 + 500)
    expect(seen).toMatchObject({ state: 'failed', error: { code: 'ERR_STORE_UNAVAILABLE' } })
    expect(calls).toBe(2)
  })

  it('settles within the deadline of the whole commit, both tries together', async () => {
    const asked = { list: never, admit: never, revoke: never, erase: never }
    const verbs = { ...asked, remove: never, keep: never, forget: never }
    const { store, timers } = guarded(verbs)
    const calls = [
      store.remove('key'),
      store.list('ann'),
      store.admit('ann', 'key', 1, 2, LIMIT),
      store.revoke('ann', 1, 2, undefined),
      store.erase('ann'),
      store.keep('ann', 'key', 1, 2),
      store.forget('ann', ['key']),
    ].map(watch)
    await timers.pass(999)
    for (const { state } of calls) expect(state).toBe('waiting')
    await timers.pass(1)
    for (const { state } of calls) expect(state).toBe('failed')
  })

  it('is made once only where it was an insert, whose key nobody has then', async () => {
    let calls = 0
    const { store, timers } = guarded({ insert: () => ((calls += 1), never()) })
    const seen = watch(store.insert('key', ROW))
    await timers.pass(500)
    expect(seen.state).toBe('failed')
    expect(calls).toBe(1)
  })

  it('is not heard when it answers after all', async () => {
    let answer = (_won: boolean) => {}
    const { store, timers } = guarded({
      insert: () => new Promise((resolve) => (answer = resolve)),
    })
    const seen = watch(store.insert('key', ROW))
    await timers.pass(500)
    answer(true)
    await settled()
    expect(seen.state).toBe('failed')
  })
})

describe('a store that returns nothing, as one whose client takes callbacks does,', () => {
  const row = {} as never
  const calls: [keyof StoreVerbs, (store: GuardedStore) => Promise<unknown>][] = [
    ['read', (store) => store.read('key')],
    ['insert', (store) => store.insert('key', row)],
    ['swap', (store) => store.swap('key', 'w', row)],
    ['touch', (store) => store.touch('key', 1)],
    ['remove', (store) => store.remove('key')],
    ['admit', (store) => store.admit('mona', 'key', 1, 2, LIMIT)],
    ['epoch', (store) => store.epoch('mona')],
    ['keep', (store) => store.keep('mona', 'key', 1, 2)],
    ['revoke', (store) => store.revoke('mona', 1, 2, undefined)],
    ['list', (store) => store.list('mona')],
    ['prune', (store) => store.prune(1)],
    ['check', (store) => store.check()],
  ]
  it.each(calls)('is unavailable, and no session is taken for gone: %s', async (verb, call) => {
    const replies = verb === 'swap' ? [undefined, {}, { won: false }] : [undefined]
    if (verb !== 'read') replies.push(null as never)
    for (const reply of replies) {
      const { store, timers } = guarded({ [verb]: async () => reply })
      const seen = watch(call(store))
      await timers.pass(2000)
      expect(seen.error).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    }
  })
})

describe('a call of a store that fails', () => {
  it('is made once more, and its answer is taken', async () => {
    let calls = 0
    const flaky = () => (++calls === 1 ? Promise.reject(new Error('reset')) : Promise.resolve(null))
    const { store, timers } = guarded({ read: flaky })
    const seen = watch(store.read('key'))
    await timers.pass(20)
    expect(seen.state).toBe('kept')
    expect(calls).toBe(2)
  })

  it('fails with the reason kept, and nothing of it in the message', async () => {
    const { store, timers } = guarded({
      remove: () => {
        throw new Error('password authentication failed for postgres://app:hunter2@db')
      },
    })
    const seen = watch(store.remove('key'))
    await timers.pass(50)
    const error = seen.error as SessionError
    expect(error.code).toBe('ERR_STORE_UNAVAILABLE')
    expect(error.message).not.toContain('hunter2')
    expect((error.cause as Error).message).not.toContain('hunter2')
    expect(Number(error.headers?.['retry-after'])).toBeGreaterThanOrEqual(1)
    expect(error.headers).toMatchObject({ 'cache-control': 'no-store', vary: 'Cookie' })
  })

  it.each([
    ['a stack that is no text', { stack: [{}] }],
    ['no message', { message: undefined }],
  ])('fails in order where its error has %s', async (_what, members) => {
    const { store, timers } = guarded({
      remove: () => Promise.reject(Object.assign(new Error('gone'), members)),
    })
    const seen = watch(store.remove('key'))
    await timers.pass(50)
    expect(seen).toMatchObject({ state: 'failed', error: { code: 'ERR_STORE_UNAVAILABLE' } })
  })

  it('says itself what is wrong with its tables, at once', async () => {
    let calls = 0
    const { store } = guarded({
      swap: () => {
        calls += 1
        return Promise.reject(new SessionError('ERR_STORE_SCHEMA', 'SQLite', 'are missing'))
      },
    })
    await expect(store.swap('key', 'w', ROW)).rejects.toMatchObject({ code: 'ERR_STORE_SCHEMA' })
    expect(calls).toBe(1)
  })
})

describe('more than 1024 calls at once', () => {
  const full = async () => {
    const answers: (() => void)[] = []
    const { store, timers } = guarded({
      read: () => new Promise((resolve) => answers.push(() => resolve(null))),
    })
    for (let call = 0; call < 1024; call += 1) watch(store.read('key'))
    await settled()
    const isRefused = async () => {
      const seen = watch(store.read('key'))
      await settled()
      return seen.state === 'failed'
    }
    return { timers, answers, isRefused }
  }

  it('are refused, until one is through', async () => {
    const { answers, isRefused } = await full()
    expect(await isRefused()).toBe(true)
    answers[0]!()
    await settled()
    expect(await isRefused()).toBe(false)
    expect(await isRefused()).toBe(true)
  })

  it('count those nobody waits for any more, since their client holds them, for 30 s', async () => {
    const { timers, isRefused } = await full()
    await timers.pass(29_000)
    expect(await isRefused()).toBe(true)
    await timers.pass(2_000)
    expect(await isRefused()).toBe(false)
  })
})

it("a client's error is kept without what hangs on it, such as the command with the session", async () => {
  const { store, timers } = guarded({
    swap: () =>
      Promise.reject(
        Object.assign(new Error('OOM'), { code: 'OOM', command: { args: ['key', ROW.body] } }),
      ),
  })
  const seen = watch(store.swap('key', 'w.0', ROW))
  await timers.pass(60)
  const { cause } = seen.error as SessionError
  expect(cause).toMatchObject({ message: 'OOM', code: 'OOM' })
  expect(Object.keys(cause as object)).not.toContain('command')
})

describe('a logout that the store does not confirm', () => {
  it('answers an error that clears the cookie, and is done later', async () => {
    let isAway = false
    const { visit, store, timers, clock } = bench({
      wrap: (inner) => ({
        ...inner,
        remove: (key) => (isAway ? Promise.reject(new Error('away')) : inner.remove(key)),
      }),
    })
    const { cookie } = await visit(undefined, set('a', 1))
    isAway = true
    const out = watch(visit(cookie, logout()))
    await timers.pass(100)
    expect(out).toMatchObject({
      state: 'failed',
      error: { status: 503, headers: { 'set-cookie': expect.stringContaining('Max-Age=0') } },
    })
    await timers.pass(5_000)
    expect(await store.read(cookie!.slice(0, 22))).not.toBeNull()
    isAway = false
    await timers.pass(30_000)
    expect(await store.read(cookie!.slice(0, 22))).toBeNull()
    expect(timers.count).toBe(0)
    expect(clock()).toBeGreaterThan(0)
  })

  it('clears the cookie of its own request alone, though others were given the same error', async () => {
    const shared = new SessionError('ERR_STORE_SCHEMA', 'SQLite', 'are missing')
    const store = memoryStore()
    let isAway = false
    const fails = () => Promise.reject(shared)
    const failing: typeof store = {
      ...store,
      read: (key) => (isAway ? fails() : store.read(key)),
      remove: (key) => (isAway ? fails() : store.remove(key)),
    }
    const sessions = createSessions<{ n: number }>({
      secret: 'k3J9x0aPq7Lw2Zt8Rb5Vn1Mc6Yd4Hf0GsQeUiOp',
      store: failing,
    })
    const begun = await sessions.open(null)
    begun.set('n', 1)
    const cookie = (await begun.commit()).getSetCookie()[0]!.split(';')[0]!
    const leaving = await sessions.open(cookie)
    isAway = true
    leaving.logout()
    const [ended, opened] = await Promise.allSettled([leaving.commit(), sessions.open(cookie)])
    expect(ended).toMatchObject({
      reason: { headers: { 'set-cookie': expect.stringContaining('Max-Age=0') } },
    })
    expect(opened).toMatchObject({ reason: { code: 'ERR_STORE_SCHEMA' } })
    expect((opened as PromiseRejectedResult).reason.headers?.['set-cookie']).toBeUndefined()
  })

  it('does not wait behind one that cannot be removed', async () => {
    const stuck = new Set<string>()
    const { visit, store, timers } = bench({
      wrap: (inner) => ({
        ...inner,
        remove: (key) => (stuck.has(key) ? Promise.reject(new Error('away')) : inner.remove(key)),
      }),
    })
    const visits = [await visit(undefined, set('a', 1)), await visit(undefined, set('a', 2))]
    const [first, second] = visits.map(({ cookie }) => cookie!.slice(0, 22)) as [string, string]
    stuck.add(first).add(second)
    for (const { cookie } of visits) watch(visit(cookie, logout()))
    await timers.pass(200)
    stuck.delete(second)
    await timers.pass(60_000)
    expect(await store.read(first)).not.toBeNull()
    expect(await store.read(second)).toBeNull()
  })

  it('gives up after some minutes, with no timer left behind', async () => {
    const { visit, timers } = bench({
      wrap: (inner) => ({ ...inner, remove: () => Promise.reject(new Error('away')) }),
    })
    const { cookie } = await visit(undefined, set('a', 1))
    watch(visit(cookie, logout()))
    await timers.pass(40 * 60_000)
    expect(timers.count).toBe(0)
  })
})

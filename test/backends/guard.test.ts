import { describe, expect, it } from 'vitest'
import { guardedStore } from '../../src/backends/guard.ts'
import { SessionError } from '../../src/base/errors.ts'
import { systemRandom } from '../../src/base/ports.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import type { SessionStore } from '../../src/stores/store.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { bench, heldTimers, logout, set, settled } from './stored-bench.ts'

const ROW = { write: 'w.1', recent: [], expiresAt: Date.now() + 60_000, owner: null, body: 'x' }

const never = () => new Promise<never>(() => {})

function guarded(verbs: Partial<SessionStore>) {
  const clock = fakeClock()
  const timers = heldTimers(clock)
  const store = guardedStore(
    { ...memoryStore({ clock }), ...verbs },
    {
      timer: timers.timer,
      random: systemRandom,
      deadlines: { read: 250, write: 500, commit: 1000 },
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
    expect(timers.count).toBe(0)
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
    const verbs = { remove: never, list: never, admit: never, keep: never, forget: never }
    const { store, timers } = guarded(verbs)
    const calls = [
      store.remove('key'),
      store.list('ann'),
      store.admit('ann', 'key', 1, 2),
      store.keep('ann', 2),
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
    expect((error.cause as Error).message).toContain('hunter2')
    expect(Number(error.headers?.['retry-after'])).toBeGreaterThanOrEqual(1)
    expect(error.headers).toMatchObject({ 'cache-control': 'no-store', vary: 'Cookie' })
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

it('refuses more than 1024 calls at once, and takes them again when some are through', async () => {
  const { store, timers } = guarded({ read: never })
  const seen = Array.from({ length: 1024 }, () => watch(store.read('key')))
  const refused = watch(store.read('key'))
  await settled()
  expect(refused).toMatchObject({ state: 'failed', error: { code: 'ERR_STORE_UNAVAILABLE' } })
  expect(seen.every(({ state }) => state === 'waiting')).toBe(true)
  await timers.pass(250)
  const later = watch(store.read('key'))
  await settled()
  expect(later.state).toBe('waiting')
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

  it('gives up after some minutes, with no timer left behind', async () => {
    const { visit, timers } = bench({
      wrap: (inner) => ({ ...inner, remove: () => Promise.reject(new Error('away')) }),
    })
    const { cookie } = await visit(undefined, set('a', 1))
    watch(visit(cookie, logout()))
    await timers.pass(20 * 60_000)
    expect(timers.count).toBe(0)
  })
})

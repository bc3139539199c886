import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { guardedStore } from '../../../src/backends/stored/deadlines.ts'
import { isUnknown } from '../../../src/backends/stored/store-errors.ts'
import { pruneAll, removeAll } from '../../../src/backends/stored/upkeep.ts'
import { SessionError } from '../../../src/base/errors.ts'
import { systemRandom } from '../../../src/base/ports.ts'
import { createSessions } from '../../../src/index.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import type { StoreVerbs } from '../../../src/backends/stored/store.ts'
import { fakeClock } from '../../../src/testing/time/clock.ts'
import type { GuardedStore } from '../../../src/backends/stored/commit-work.ts'
import { bench, heldTimers, logout, set, settled } from './bench.ts'

const ROW = { write: 'w.1', recent: [], expiresAt: Date.UTC(2100, 0, 1), owner: null, body: 'x' }

const never = () => new Promise<never>(() => {})

async function* hanging(): AsyncGenerator<string[]> {
  yield await never()
}

interface GuardOptions {
  concurrency: number
  deadlines: { read: number }
  /** Whether a timer that is set now never goes off. */
  stopped(): boolean
}

function guarded(verbs: Partial<StoreVerbs>, options: Partial<GuardOptions> = {}) {
  const clock = fakeClock()
  const timers = heldTimers(clock)
  const { concurrency, deadlines, stopped = () => false } = options
  const store = guardedStore(
    { ...memoryStore({ clock }), ...verbs },
    {
      timer: (run, delay) => (stopped() ? () => {} : timers.timer(run, delay)),
      clock,
      random: systemRandom,
      deadlines: { read: 250, write: 500, commit: 1000, queue: 5000, ...deadlines },
      concurrency,
    },
  )
  return { store, timers, clock }
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

describe('more calls than the store has at a time', () => {
  const full = async (options: Partial<GuardOptions> = {}) => {
    const { concurrency = 1024 } = options
    const answers: (() => void)[] = []
    const { store, timers } = guarded(
      {
        read: () => new Promise((resolve) => answers.push(() => resolve(null))),
        insert: () => new Promise((resolve) => answers.push(() => resolve(true))),
      },
      options,
    )
    const call = async () => {
      const seen = watch(store.read('key'))
      await settled()
      return seen
    }
    const isRefused = async () => (await call()).state === 'failed'
    for (let count = 0; count < concurrency; count += 1) watch(store.read('key'))
    await settled()
    return { store, timers, answers, call, isRefused }
  }

  it('wait for their turn, the first one first', async () => {
    const { answers, call, store } = await full()
    const [second, third] = [await call(), await call()]
    expect(answers).toHaveLength(1024)
    expect(store.load()).toEqual({ inFlight: 1024, waiting: 2, refused: 0 })
    answers[0]!()
    await settled()
    expect(answers).toHaveLength(1025)
    answers[1024]!()
    await settled()
    expect([second.state, third.state]).toEqual(['kept', 'waiting'])
    expect(store.load()).toEqual({ inFlight: 1024, waiting: 0, refused: 0 })
  })

  it('have their own deadline from when they are sent', async () => {
    const { answers, call, timers } = await full({ concurrency: 1, deadlines: { read: 4_000 } })
    const seen = await call()
    await timers.pass(3_000)
    answers[0]!()
    await timers.pass(3_999)
    expect(seen.state).toBe('waiting')
    await timers.pass(1)
    expect(seen.error).toMatchObject({ message: expect.stringContaining('no answer within 4000') })
  })

  it('have it in a whole commit, too, whose own time has passed while they waited', async () => {
    const answers: (() => void)[] = []
    const { store, timers } = guarded(
      {
        read: () => new Promise((resolve) => answers.push(() => resolve(null))),
        remove: () => new Promise((resolve) => answers.push(() => resolve(true))),
      },
      { concurrency: 1, deadlines: { read: 4_000 } },
    )
    watch(store.read('key'))
    const seen = watch(store.remove('key'))
    await timers.pass(900)
    answers[0]!()
    await timers.pass(400)
    expect(seen.state).toBe('waiting')
    answers[1]!()
    await settled()
    expect(seen.state).toBe('kept')
  })

  it('have no more than it: a store that answers none is told after both attempts', async () => {
    const { store, timers } = guarded(
      { read: () => new Promise((resolve) => setImmediate(resolve, null)), remove: never },
      { concurrency: 2 },
    )
    const reads = [store.read('a'), store.read('b')]
    const seen = watch(store.remove('key'))
    await Promise.all(reads)
    await timers.pass(500 + 50 + 500)
    expect(seen.state).toBe('failed')
  })

  it('are refused after the time that a call may wait, and were certainly not sent', async () => {
    const { answers, call, timers, store } = await full({
      concurrency: 2,
      deadlines: { read: 60_000 },
    })
    const seen = await call()
    await timers.pass(4_999)
    expect(seen.state).toBe('waiting')
    await timers.pass(1)
    expect(seen.error).toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
      message: expect.stringContaining(
        '2 calls were in flight, and its turn did not come within 5000',
      ),
    })
    expect(isUnknown(seen.error)).toBe(false)
    expect(answers).toHaveLength(2)
    expect(store.load().refused).toBe(1)
  })

  it('are refused beyond 4096', async () => {
    const { isRefused, store } = await full({ concurrency: 1 })
    for (let count = 0; count < 4095; count += 1) watch(store.read('key'))
    expect(await isRefused()).toBe(false)
    expect(await isRefused()).toBe(true)
    expect(store.load()).toEqual({ inFlight: 1, waiting: 4096, refused: 1 })
  })

  it('are refused at once where the store answers none, and after it does they are sent', async () => {
    const { answers, call, isRefused, timers } = await full({ concurrency: 2 })
    const seen = await call()
    await timers.pass(250)
    expect(seen.error).toMatchObject({
      message: expect.stringContaining('2 calls were sent, and none was answered'),
    })
    expect(await isRefused()).toBe(true)
    answers[0]!()
    await settled()
    expect(await isRefused()).toBe(false)
  })

  it.each([
    ['prune', (store: GuardedStore) => store.prune(1)],
    ['check', (store: GuardedStore) => store.check()],
    ['keys', (store: GuardedStore) => store.keys()[Symbol.asyncIterator]().next()],
  ] as const)('are refused at once though a %s may take longer', async (_, upkeep) => {
    const away = { read: never, prune: never, check: never, keys: hanging }
    const { store, timers } = guarded(away, { concurrency: 2 })
    watch(upkeep(store))
    watch(store.read('key'))
    const seen = watch(store.read('key'))
    await timers.pass(249)
    expect(seen.state).toBe('waiting')
    await timers.pass(1)
    expect(seen.state).toBe('failed')
  })

  it('wait for the end of an upkeep that has the only place', async () => {
    let end = (_pruned: number) => {}
    const prune = () => new Promise<number>((resolve) => (end = resolve))
    const { store, timers } = guarded({ prune }, { concurrency: 1 })
    watch(store.prune(1))
    const seen = watch(store.read('key'))
    await timers.pass(3_000)
    expect(seen.state).toBe('waiting')
    end(0)
    await settled()
    expect(seen.state).toBe('kept')
  })

  it('count those nobody waits for any more, since their client holds them, for 30 s', async () => {
    const { timers, isRefused } = await full()
    await timers.pass(29_000)
    expect(await isRefused()).toBe(true)
    await timers.pass(2_000)
    expect(await isRefused()).toBe(false)
  })

  it('are not kept out for ever by calls of requests that the platform has stopped', async () => {
    let isStopped = true
    const { store, timers, clock } = guarded(
      { read: () => (isStopped ? never() : Promise.resolve(null)) },
      { concurrency: 1, stopped: () => isStopped },
    )
    watch(store.read('key'))
    isStopped = false
    const early = watch(store.read('key'))
    await timers.pass(5_000)
    expect(early.state).toBe('failed')
    clock.advance(30_000)
    const late = watch(store.read('key'))
    await settled()
    expect(late.state).toBe('kept')
  })

  it('are sent as work of their own request, not of the one that made room', async () => {
    const request = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const answers: (() => void)[] = []
    const { store } = guarded(
      {
        read() {
          seen.push(request.getStore())
          return new Promise((resolve) => answers.push(() => resolve(null)))
        },
      },
      { concurrency: 1 },
    )
    request.run('first', () => watch(store.read('key')))
    request.run('second', () => watch(store.read('key')))
    request.run('first', () => answers[0]!())
    await settled()
    expect(seen).toEqual(['first', 'second'])
  })

  it('leave a write unknown that was sent, though its retry was refused', async () => {
    const { store, timers } = guarded({ swap: never }, { concurrency: 1 })
    const seen = watch(store.swap('key', 'w', ROW))
    await timers.pass(600)
    expect(seen.state).toBe('failed')
    expect(isUnknown(seen.error)).toBe(true)
  })

  it('are as many as the pool of the client has connections', async () => {
    let calls = 0
    const pool = { size: 3, isFull: () => false }
    const { store } = guarded({ pool, read: () => ((calls += 1), never()) })
    for (let count = 0; count < 10; count += 1) watch(store.read('key'))
    expect(calls).toBe(3)
    expect(store.load()).toEqual({ inFlight: 3, waiting: 7, refused: 0 })
  })
})

describe("while the app's own calls have all connections of the pool", () => {
  it.each(['read', 'remove'] as const)(
    'a %s waits for one as long as for its turn',
    async (verb) => {
      const pool = { size: 10, isFull: () => true }
      const { store, timers } = guarded({ pool, [verb]: never })
      const seen = watch(store[verb]('key'))
      await timers.pass(5_000)
      expect(seen.state).toBe('waiting')
      await timers.pass(2_000)
      expect(seen.state).toBe('failed')
    },
  )

  it('a commit does, too', async () => {
    let isFull = false
    const { visit, timers } = bench({
      wrap: (inner) => ({
        ...inner,
        pool: { size: 10, isFull: () => isFull },
        swap: (...args) => (isFull ? never() : inner.swap(...args)),
      }),
    })
    const { cookie } = await visit(undefined, set('a', 1))
    isFull = true
    const seen = watch(visit(cookie, set('a', 2)))
    await timers.pass(5_400)
    expect(seen.state).toBe('waiting')
    await timers.pass(1_000)
    expect(seen.error).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
  })
})

it('a store that returns its answer itself, not a promise, is asked once', async () => {
  let calls = 0
  const { store, timers } = guarded({ read: (() => ((calls += 1), null)) as never })
  const seen = watch(store.read('key'))
  await timers.pass(50)
  expect(seen.state).toBe('kept')
  expect(calls).toBe(1)
})

it('who stops reading keys early ends the iterator of the store', async () => {
  const ended: string[] = []
  async function* keysOfStore() {
    try {
      yield ['a']
      yield ['b']
    } finally {
      ended.push('cursor')
    }
  }
  const { store } = guarded({ keys: keysOfStore })
  for await (const keys of store.keys()) {
    expect(keys).toEqual(['a'])
    break
  }
  expect(ended).toEqual(['cursor'])
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

/** Ending: `sessions.close()`, and waits that an `AbortSignal` ends. */

import { beforeEach, describe, expect, it, onTestFinished, test, vi } from 'vitest'
import { withSessions } from '../../src/adapters/fetch.ts'
import type { SessionStore } from '../../src/backends/stored/store.ts'
import { createSessions, type SessionEvent } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'

const SECRET = 'Vd2mQ9sXw4LrT7yKb1Nc8Hf5Jz3Pg6Ua-ending'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
})

/** Lets time pass in small steps: before a timer runs, the event loop gets turns of its own. */
async function pass(milliseconds: number): Promise<void> {
  for (let left = milliseconds; left >= 0; left -= 50) {
    await vi.advanceTimersByTimeAsync(Math.min(50, left))
    for (let turn = 0; turn < 4; turn += 1) await new Promise((next) => setImmediate(next))
  }
}

/** Sessions on a memory store, whose verbs in `held` wait, and those in `away` fail. */
function setUp() {
  const inner = memoryStore()
  const held = new Map<string, Promise<void>>()
  const away = new Set<string>()
  const calls: string[] = []
  const store = new Proxy(inner, {
    get(target, verb: keyof SessionStore) {
      const act = target[verb]
      if (typeof act !== 'function' || verb === 'backend' || verb === 'keys') return act
      return async (...args: never[]) => {
        calls.push(verb)
        if (away.has(verb)) throw new Error('away')
        await held.get(verb)
        return (act as Function)(...args)
      }
    },
  })
  const events: SessionEvent[] = []
  const sessions = createSessions<any>({
    secret: SECRET,
    store,
    deadlines: { write: '20s', commit: '20s' },
    onEvent: (event) => events.push(event),
  })
  /** Makes a verb wait; returns what lets it go on. */
  function hold(verb: keyof SessionStore): () => void {
    let release = () => {}
    held.set(verb, new Promise((resolve) => (release = resolve)))
    return () => {
      held.delete(verb)
      release()
    }
  }
  async function begin(userId: string): Promise<string> {
    const session = await sessions.open(null)
    session.login(userId)
    return (await session.commit()).getSetCookie()[0]!.split(';')[0]!
  }
  return { sessions, inner, away, hold, begin, calls, events }
}

/** What a promise has come to by now. */
function watch<Value>(promise: Promise<Value>) {
  const seen: { value?: Value; error?: unknown } = {}
  promise.then(
    (value) => (seen.value = value),
    (error: unknown) => (seen.error = error),
  )
  return seen
}

describe('sessions.close()', () => {
  test('waits for a commit in flight', async () => {
    const { sessions, hold } = setUp()
    const release = hold('insert')
    const session = await sessions.open(null)
    session.set('a', 1)
    const commit = session.commit()
    const closed = watch(sessions.close())
    await pass(5_000)
    expect(closed).toEqual({})
    release()
    await commit
    await pass(0)
    expect(closed).toEqual({ value: { commits: 0, logouts: 0 } })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('waits until the store has confirmed a logout: it is away, and comes back in time', async () => {
    const { sessions, inner, away, begin } = setUp()
    const cookie = await begin('ann')
    const [key] = await inner.list('ann')
    away.add('remove')
    const session = await sessions.open(cookie)
    session.logout()
    const leaving = watch(session.commit())
    const closing = sessions.close()
    const closed = watch(closing)
    await pass(5_000)
    expect(leaving.error).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    expect(closed).toEqual({})
    away.delete('remove')
    await pass(1_000)
    expect(await closing).toEqual({ commits: 0, logouts: 0 })
    expect(await inner.read(key!)).toBeNull()
  })

  test('returns what is left after its timeout, for the log', async () => {
    const { sessions, away, begin, hold } = setUp()
    const cookie = await begin('ann')
    away.add('remove')
    const leaving = await sessions.open(cookie)
    leaving.logout()
    watch(leaving.commit())
    await pass(2_000)
    const release = hold('insert')
    const stuck = await sessions.open(null)
    stuck.set('a', 1)
    watch(stuck.commit())
    const closing = sessions.close({ timeout: '3s' })
    const closed = watch(closing)
    await pass(2_999)
    expect(closed).toEqual({})
    await pass(1)
    expect(await closing).toEqual({ commits: 1, logouts: 1 })
    release()
  })

  test('resolves at once if nothing is in flight, and sessions still work after it', async () => {
    const { sessions, begin } = setUp()
    expect(await sessions.close()).toEqual({ commits: 0, logouts: 0 })
    expect((await sessions.open(await begin('ann'))).userId).toBe('ann')
    expect(await sessions.close()).toEqual({ commits: 0, logouts: 0 })
    const inCookie = createSessions({ secret: SECRET })
    expect(await inCookie.close()).toEqual({ commits: 0, logouts: 0 })
  })

  test('drops the listeners of onEnded, which are told nothing, and their poll', async () => {
    const { sessions, begin } = setUp()
    await begin('ann')
    const [listed] = await sessions.list('ann')
    const told: string[] = []
    sessions.onEnded(listed!.handle, (why) => told.push(why))
    await pass(0)
    expect(vi.getTimerCount()).toBe(1)
    await sessions.close()
    expect(vi.getTimerCount()).toBe(0)
    await sessions.revokeUser('ann')
    expect(told).toEqual([])
  })

  test('a commit that fails is in flight no longer', async () => {
    const { sessions, away } = setUp()
    away.add('insert')
    const session = await sessions.open(null)
    session.set('a', 1)
    const failed = watch(session.commit())
    await pass(1_000)
    expect(failed.error).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    expect(await sessions.close()).toEqual({ commits: 0, logouts: 0 })
  })

  it.each([
    [{ timeout: 10 }, '"timeout" needs a unit'],
    [{ timeout: '2h' }, `"timeout" is at most '1h'`],
    [{ timout: '10s' }, '"timout" is not known'],
    ['10s', `"options" has to be an object, such as { timeout: '10s' }`],
  ])('refuses %j', async (options, message) => {
    await expect(setUp().sessions.close(options as never)).rejects.toThrow(message)
  })
})

describe('an AbortSignal of commit()', () => {
  const reason = new Error('the visitor has gone')

  test('ends the wait with its reason, and leaves the headers alone; the commit goes on', async () => {
    const { sessions, inner, hold } = setUp()
    const release = hold('insert')
    const session = await sessions.open(null)
    session.login('ann')
    const controller = new AbortController()
    const headers = new Headers()
    const commit = watch(session.commit(headers, { signal: controller.signal }))
    await pass(10)
    controller.abort(reason)
    await pass(0)
    expect(commit).toEqual({ error: reason })
    expect([...headers]).toEqual([])
    release()
    // Its outcome is that of the next commit. Nothing is saved twice.
    expect((await session.commit()).getSetCookie()).toHaveLength(1)
    expect(await inner.list('ann')).toHaveLength(1)
  })

  test('is of no effect once the commit is done', async () => {
    const { sessions, begin } = setUp()
    const session = await sessions.open(await begin('ann'))
    session.set('a', 1)
    const controller = new AbortController()
    const { signal } = controller
    const removed = vi.spyOn(signal, 'removeEventListener')
    await session.commit(undefined, { signal })
    expect(removed).toHaveBeenCalledOnce()
    controller.abort(reason)
  })

  test('that is aborted before it begins saves nothing', async () => {
    const { sessions, calls } = setUp()
    const session = await sessions.open(null)
    session.set('a', 1)
    const commit = session.commit(undefined, { signal: AbortSignal.abort(reason) })
    await expect(commit).rejects.toBe(reason)
    expect(calls).not.toContain('insert')
  })

  test('that is aborted while another commit runs saves nothing of its own', async () => {
    const { sessions, hold, calls } = setUp()
    const session = await sessions.open(null)
    session.set('a', 1)
    const release = hold('insert')
    const first = session.commit()
    session.set('b', 2)
    const controller = new AbortController()
    const second = watch(session.commit(undefined, { signal: controller.signal }))
    await pass(0)
    controller.abort(reason)
    release()
    await first
    await pass(0)
    expect(second).toEqual({ error: reason })
    expect(calls).not.toContain('swap')
  })

  /** A page that does not wait for its commit, and the response. */
  async function impatient({ sessions, begin }: ReturnType<typeof setUp>) {
    const cookie = await begin('ann')
    const controller = new AbortController()
    const { signal } = controller
    const app = withSessions(sessions, async (request: Request) => {
      const session = await sessions.get(request)
      session.set('a', 1)
      await expect(session.commit(undefined, { signal })).rejects.toBe(reason)
      return new Response('saved')
    })
    const response = app(new Request('http://site/', { headers: { cookie } }))
    return { response, cookie, abort: () => controller.abort(reason) }
  }

  test('lets no success pass for more: the response waits for what is saved', async () => {
    const made = setUp()
    const release = made.hold('swap')
    const { response, cookie, abort } = await impatient(made)
    await pass(10)
    abort()
    const answered = watch(response)
    await pass(1_000)
    expect(answered).toEqual({})
    release()
    expect((await response).status).toBe(200)
    expect((await made.sessions.open(cookie)).get('a')).toBe(1)
  })

  test('lets no failure pass: the response is the error that the app did not wait for', async () => {
    const made = setUp()
    made.away.add('swap')
    const { response, abort } = await impatient(made)
    // The first attempt has failed, and the second is yet to come.
    await pass(1)
    abort()
    await pass(1_000)
    expect((await response).status).toBe(503)
    expect(made.calls.filter((verb) => verb === 'swap')).toHaveLength(2)
  })

  it.each([
    [{ signal: 500 }, '"signal" has to be an AbortSignal'],
    [{ signl: undefined }, '"signl" is not known'],
  ])('refuses %j', async (options, message) => {
    const session = await setUp().sessions.open(null)
    await expect(session.commit(undefined, options as never)).rejects.toThrow(message)
  })
})

describe('an AbortSignal of the operations on all sessions', () => {
  const reason = new Error('enough')
  const aborted = () => ({ signal: AbortSignal.abort(reason) })

  /** Aborts an operation that waits for the store, and expects its promise to be rejected at once. */
  async function abortWait(operation: (options: { signal: AbortSignal }) => Promise<unknown>) {
    const controller = new AbortController()
    const outcome = watch(operation({ signal: controller.signal }))
    await pass(10)
    controller.abort(reason)
    await pass(0)
    expect(outcome).toEqual({ error: reason })
  }

  test('that is aborted already begins nothing', async () => {
    const { sessions, begin, calls } = setUp()
    await begin('ann')
    calls.length = 0
    await expect(sessions.list('ann', aborted())).rejects.toBe(reason)
    await expect(sessions.revokeUser('ann', aborted())).rejects.toBe(reason)
    await expect(sessions.revokeAll(aborted())).rejects.toBe(reason)
    await expect(sessions.prune(aborted())).rejects.toBe(reason)
    expect(calls).toEqual([])
    expect(await sessions.list('ann')).toHaveLength(1)
  })

  test('ends the wait for a list, and no more of it is read', async () => {
    const { sessions, begin, hold, calls } = setUp()
    for (let at = 0; at < 40; at += 1) await begin('ann')
    calls.length = 0
    const release = hold('read')
    await abortWait((options) => sessions.list('ann', options))
    release()
    await pass(10)
    expect(calls.filter((verb) => verb === 'read').length).toBeLessThan(40)
  })

  test('ends the wait for revokeUser; the revocation itself is completed', async () => {
    const { sessions, begin, hold } = setUp()
    const cookies = [await begin('ann'), await begin('ann')]
    const release = hold('remove')
    await abortWait((options) => sessions.revokeUser('ann', options))
    release()
    await pass(10)
    for (const cookie of cookies) expect((await sessions.open(cookie)).userId).toBeUndefined()
    expect(await sessions.list('ann')).toEqual([])
  })

  test.each(['revokeAll', 'prune'] as const)('stops %s after the current batch', async (verb) => {
    const { sessions, inner, begin, hold, calls } = setUp()
    for (let at = 0; at < 40; at += 1) await begin('ann')
    let batches = 0
    inner.keys = async function* () {
      for (const key of await inner.list('ann')) {
        batches += 1
        yield [key]
      }
    }
    inner.prune = async (limit) => limit
    const step = verb === 'prune' ? 'prune' : 'remove'
    const release = hold(step)
    await abortWait((options) => sessions[verb](options))
    release()
    await pass(100)
    expect(calls.filter((called) => called === step)).toHaveLength(1)
    expect(batches).toBeLessThan(3)
  })

  test('an option that is not known is refused: revokeUser would end what was to stay', async () => {
    const { sessions } = setUp()
    const misspelt = { exept: 'handle' } as never
    await expect(sessions.revokeUser('ann', misspelt)).rejects.toThrow('"exept" is not known')
    await expect(sessions.list('ann', misspelt)).rejects.toThrow('"exept" is not known')
  })
})

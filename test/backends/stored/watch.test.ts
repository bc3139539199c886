import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EndCause } from '../../../src/backends/store-backend.ts'
import type { StoreVerbs } from '../../../src/backends/stored/store.ts'
import { LATE_TOUCH } from '../../../src/backends/stored/entry.ts'
import { MAX_LISTENERS } from '../../../src/backends/stored/watch.ts'
import { fakeClock } from '../../../src/testing/time/clock.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import {
  bench,
  type BenchOptions,
  login,
  logout,
  MINUTE,
  REGENERATE,
  set,
  settled,
} from './bench.ts'

const POLL = 30_000

/** A store that a test can make deaf, or unreadable, and that counts its calls. */
function hearing(inner: StoreVerbs) {
  const state = { isDeaf: false, isAway: false, calls: [] as string[], subscribed: 0 }
  const broken = new Set<string>()
  let lost = () => {}
  const store: StoreVerbs = {
    ...inner,
    read(key) {
      state.calls.push('read')
      return state.isAway || broken.has(key) ? Promise.reject(new Error('away')) : inner.read(key)
    },
    async readMany(keys) {
      state.calls.push(`readMany ${keys.length}`)
      if (state.isAway || keys.some((key) => broken.has(key))) throw new Error('away')
      return Promise.all(keys.map((key) => inner.read(key)))
    },
    async subscribe(removed, onLost) {
      lost = onLost
      state.subscribed += 1
      const stop = await inner.subscribe!((key) => state.isDeaf || removed(key), onLost)
      return async () => {
        state.subscribed -= 1
        await stop()
      }
    },
  }
  return { store, state, broken, loseConnection: () => lost() }
}

/** Two processes on one store. */
function processes(options: BenchOptions = {}) {
  const shared = memoryStore({ clock: fakeClock(Date.UTC(2026, 0, 1)) })
  const of = () => {
    const heard = hearing(shared)
    return { ...heard, ...bench(options, heard.store) }
  }
  const [here, there] = [of(), of()]
  return {
    shared,
    here,
    there,
    async pass(ms: number) {
      await here.timers.pass(ms)
      await there.timers.pass(ms)
    },
    async begin(user?: string) {
      const changes = user === undefined ? [set('a', 1)] : [login(user, here.clock)]
      const { cookie } = await here.visit(undefined, ...changes)
      return { cookie: cookie!, handle: cookie!.split('.')[0]! }
    },
  }
}

function listening() {
  const told: EndCause[] = []
  return { told, listener: (why: EndCause) => void told.push(why) }
}

describe('a listener is told', () => {
  it('at once of a logout in this process, with the reason, and once', async () => {
    const { here, begin } = processes()
    const { cookie, handle } = await begin('ada')
    const { told, listener } = listening()
    here.backend.ends.watch(handle, listener)
    await here.visit(cookie, logout())
    expect(told).toEqual(['logout'])
    await here.timers.pass(3 * POLL)
    expect(told).toEqual(['logout'])
  })

  it.each<[string, EndCause, (site: ReturnType<typeof processes>, handle: string) => unknown]>([
    ['revoke', 'revoked', ({ here }, handle) => here.backend.members.revoke('ada', handle)],
    ['revokeUser', 'revoked', ({ here }) => here.backend.members.revokeAll('ada', undefined)],
    ['erase', 'revoked', ({ here }) => here.backend.members.erase('ada')],
    ['the login of another user', 'login', () => {}],
    [
      'a login over the limit',
      'evicted',
      ({ here }) => here.visit(undefined, login('ada', here.clock)),
    ],
  ])('of %s: %s', async (what, why, end) => {
    const limit = { most: 1, onLimit: 'evict-oldest' } as const
    const site = processes(why === 'evicted' ? { limit } : {})
    const { cookie, handle } = await site.begin('ada')
    const { told, listener } = listening()
    site.here.backend.ends.watch(handle, listener)
    if (what === 'the login of another user') {
      await site.here.visit(cookie, login('bob', site.here.clock))
    }
    await end(site, handle)
    expect(told).toEqual([why])
  })

  it('by the notification of the store if another process ends the session', async () => {
    const { here, there, begin } = processes()
    const { cookie, handle } = await begin('ada')
    const { told, listener } = listening()
    here.backend.ends.watch(handle, listener)
    await settled()
    await there.visit(cookie, logout())
    await settled()
    expect(told).toEqual(['gone'])
  })

  it('by the next poll if the notification was lost', async () => {
    const { here, there, begin } = processes()
    const { cookie, handle } = await begin('ada')
    const { told, listener } = listening()
    here.backend.ends.watch(handle, listener)
    await settled()
    here.state.isDeaf = true
    await there.visit(cookie, logout())
    await here.timers.pass(POLL - 1)
    expect(told).toEqual([])
    await here.timers.pass(1)
    expect(told).toEqual(['gone'])
  })

  it('of a session that had ended before it was watched', async () => {
    const { here, there, begin } = processes()
    here.backend.ends.watch((await begin('bob')).handle, () => {})
    const { cookie, handle } = await begin('ada')
    await settled()
    await there.visit(cookie, logout())
    await settled()
    const { told, listener } = listening()
    here.backend.ends.watch(handle, listener)
    await settled()
    expect(told).toEqual(['gone'])
  })

  it('of a session that ended while the store was being subscribed to', async () => {
    const { here, there, begin } = processes()
    const { cookie, handle } = await begin('ada')
    const { subscribe } = here.store as StoreVerbs
    let proceed = () => {}
    const held = new Promise<void>((resolve) => (proceed = resolve))
    ;(here.store as StoreVerbs).subscribe = async (...args) => {
      await held
      return subscribe!(...args)
    }
    const { told, listener } = listening()
    here.backend.ends.watch(handle, listener)
    await settled()
    await there.visit(cookie, logout())
    await settled()
    expect(told).toEqual([])
    proceed()
    await settled()
    expect(told).toEqual(['gone'])
  })

  it('of a revocation that did not find the session in its user’s list', async () => {
    const { here, there, begin, shared } = processes()
    const { handle } = await begin('ada')
    await shared.forget('ada', [handle])
    const { told, listener } = listening()
    here.backend.ends.watch(handle, listener)
    await there.backend.members.revokeAll('ada', undefined)
    await here.timers.pass(POLL)
    expect(told).toEqual(['revoked'])
  })

  it.each(['read', 'readMany'])(
    'although the %s of another session fails at each poll, as where a shard is down',
    async (verb) => {
      const readsMany = verb === 'readMany'
      const wrap = ({ readMany, ...store }: StoreVerbs) =>
        readsMany ? { ...store, readMany: readMany! } : store
      const { here, there, begin } = processes({ wrap })
      const most = readsMany ? 300 : 20
      const sessions = []
      for (let n = 0; n < most; n += 1) sessions.push(await begin())
      const { told, listener } = listening()
      for (const { handle } of sessions) here.backend.ends.watch(handle, listener)
      await settled()
      here.state.isDeaf = true
      here.broken.add(sessions[0]!.handle)
      await there.visit(sessions.at(-1)!.cookie, logout())
      // The read is retried for a while.
      await here.timers.pass(POLL + 5_000)
      expect(told).toEqual(['gone'])
    },
  )

  it('of the idle timeout by a poll a minute after it, and not while the visitor is active', async () => {
    const { here, begin } = processes({ idle: 10 * MINUTE })
    const { cookie, handle } = await begin('ada')
    const { told, listener } = listening()
    here.backend.ends.watch(handle, listener)
    await here.timers.pass(9 * MINUTE)
    await here.visit(cookie)
    await here.timers.pass(9 * MINUTE)
    expect(told).toEqual([])
    await here.timers.pass(2 * MINUTE)
    expect(told).toEqual([])
    await here.timers.pass(POLL)
    expect(told).toEqual(['expired'])
  })

  it('of a logout that the store did not confirm, since that is retried', async () => {
    const { here, begin } = processes()
    const { cookie, handle } = await begin('ada')
    const { told, listener } = listening()
    here.backend.ends.watch(handle, listener)
    const store = here.store as StoreVerbs
    const { remove } = store
    store.remove = () => Promise.reject(new Error('away'))
    const leaving = here.visit(cookie, logout()).catch((error: { code: string }) => error.code)
    await here.timers.pass(5_000)
    store.remove = remove
    expect(await leaving).toBe('ERR_STORE_UNAVAILABLE')
    expect(told).toEqual(['logout'])
  })
})

describe('a listener is not told', () => {
  it('after it was stopped, or of a session that continues under a new id', async () => {
    const { here, begin } = processes()
    const { cookie, handle } = await begin('ada')
    const [stopped, kept] = [listening(), listening()]
    const stop = here.backend.ends.watch(handle, stopped.listener)
    here.backend.ends.watch(handle, kept.listener)
    stop()
    stop()
    const { cookie: renewed } = await here.visit(cookie, REGENERATE)
    await here.timers.pass(POLL)
    expect([stopped.told, kept.told]).toEqual([[], []])
    await here.visit(renewed, logout())
    expect([stopped.told, kept.told]).toEqual([[], ['logout']])
  })

  it('while the store is away, and is told when it is back', async () => {
    const { here, there, begin } = processes()
    const { cookie, handle } = await begin('ada')
    const { told, listener } = listening()
    here.backend.ends.watch(handle, listener)
    await settled()
    Object.assign(here.state, { isAway: true, isDeaf: true })
    await there.visit(cookie, logout())
    await here.timers.pass(10 * POLL)
    expect(told).toEqual([])
    here.state.isAway = false
    await here.timers.pass(POLL)
    expect(told).toEqual(['gone'])
  })

  it('by another one that stops it, as where one listener closes all sockets', async () => {
    const { here, begin } = processes()
    const { cookie, handle } = await begin('ada')
    const second = listening()
    let stop = () => {}
    here.backend.ends.watch(handle, () => stop())
    stop = here.backend.ends.watch(handle, second.listener)
    await here.visit(cookie, logout())
    expect(second.told).toEqual([])
  })

  it('of the idle timeout while a request extends the session that began before it', async () => {
    const { here, begin } = processes({ idle: 10 * MINUTE })
    const { cookie, handle } = await begin('ada')
    const { told, listener } = listening()
    here.backend.ends.watch(handle, listener)
    await here.timers.pass(10 * MINUTE - 1)
    const store = here.store as StoreVerbs
    const { touch } = store
    store.touch = async (...args) => {
      // A poll runs while it is in flight.
      here.clock.set(here.clock() + POLL)
      here.backend.ends.watch(handle, () => {})
      await settled()
      return touch(...args)
    }
    await here.visit(cookie)
    await here.timers.pass(3 * MINUTE)
    expect(told).toEqual([])
  })

  it('once the app has closed its sessions: nothing is polled, and the connection is given back', async () => {
    const { here, there, begin } = processes()
    const { cookie, handle } = await begin('ada')
    const { told, listener } = listening()
    const stop = here.backend.ends.watch(handle, listener)
    await settled()
    await here.backend.ends.close()
    expect([here.timers.count, here.state.subscribed]).toEqual([0, 0])
    stop()
    await there.visit(cookie, logout())
    await here.timers.pass(2 * POLL)
    expect(told).toEqual([])
    // What is watched afterwards is told again.
    here.backend.ends.watch(handle, listener)
    await settled()
    expect(told).toEqual(['gone'])
  })

  it('of a row that the store left out of its answer', async () => {
    const { here, begin } = processes()
    const sessions = [await begin('ada'), await begin('bob')]
    const { told, listener } = listening()
    const store = here.store as StoreVerbs
    store.readMany = async () => []
    for (const { handle } of sessions) here.backend.ends.watch(handle, listener)
    await here.timers.pass(POLL)
    expect(told).toEqual([])
  })
})

describe('what watching costs', () => {
  it('one batch for 256 sessions per poll, and nothing once nothing is watched', async () => {
    const { here, begin } = processes()
    const handles: string[] = []
    for (let n = 0; n < 300; n += 1) handles.push((await begin()).handle)
    const stops = handles.map((handle) => here.backend.ends.watch(handle, () => {}))
    await settled()
    expect(here.state.subscribed).toBe(1)
    here.state.calls.length = 0
    await here.timers.pass(POLL)
    expect(here.state.calls).toEqual(['readMany 256', 'readMany 44'])
    for (const stop of stops) stop()
    await here.timers.pass(POLL)
    here.state.calls.length = 0
    await here.timers.pass(100 * POLL)
    expect([here.state.calls, here.state.subscribed, here.timers.count]).toEqual([[], 0, 0])
  })

  it('nothing for a session that has ended, though nobody stops its listeners', async () => {
    const { here, begin } = processes()
    const { cookie, handle } = await begin('ada')
    here.backend.ends.watch(handle, () => {})
    await here.visit(cookie, logout())
    await here.timers.pass(POLL)
    here.state.calls.length = 0
    await here.timers.pass(100 * POLL)
    expect([here.state.calls, here.state.subscribed, here.timers.count]).toEqual([[], 0, 0])
  })

  it('a connection that is lost is replaced at the next poll', async () => {
    const { here, there, begin } = processes()
    const { cookie, handle } = await begin('ada')
    const { told, listener } = listening()
    here.backend.ends.watch(handle, listener)
    await settled()
    here.loseConnection()
    await here.timers.pass(POLL)
    expect(here.state.subscribed).toBe(2)
    await there.visit(cookie, logout())
    await settled()
    expect(told).toEqual(['gone'])
  })

  it('has a bound: ERR_LISTENER_LIMIT, until a listener is stopped, or its session ends', async () => {
    const { here, begin } = processes()
    const { cookie, handle } = await begin('ada')
    const watch = () => here.backend.ends.watch(handle, () => {})
    const stops = Array.from({ length: MAX_LISTENERS }, watch)
    expect(watch).toThrow(expect.objectContaining({ code: 'ERR_LISTENER_LIMIT' }))
    stops[0]!()
    expect(watch).not.toThrow()
    expect(watch).toThrow(expect.objectContaining({ code: 'ERR_LISTENER_LIMIT' }))
    await here.visit(cookie, logout())
    const other = await begin('ada')
    here.backend.ends.watch(other.handle, () => {})
  })
})

type Step =
  | { do: 'watch' | 'logout' | 'visit' | 'renew' | 'revoke'; where: 0 | 1; session: number }
  | { do: 'revokeUser'; where: 0 | 1; user: string }
  | { do: 'stop'; listener: number }
  | { do: 'deaf'; where: 0 | 1; is: boolean }
  | { do: 'away'; where: 0 | 1; is: boolean }
  | { do: 'lose'; where: 0 | 1 }
  | { do: 'pass'; ms: number }

const where = fc.constantFrom(0 as const, 1 as const)
const session = fc.nat(3)
const steps = fc.array<Step>(
  fc.oneof(
    fc.record({
      do: fc.constantFrom('watch', 'watch', 'watch', 'logout', 'visit', 'renew', 'revoke'),
      where,
      session,
    }),
    fc.record({ do: fc.constant('revokeUser'), where, user: fc.constantFrom('ada', 'bob') }),
    fc.record({ do: fc.constant('stop'), listener: fc.nat(9) }),
    fc.record({ do: fc.constantFrom('deaf', 'away'), where, is: fc.boolean() }),
    fc.record({ do: fc.constant('lose'), where }),
    fc.record({ do: fc.constant('pass'), ms: fc.constantFrom(0, 1_000, POLL, 4 * MINUTE) }),
  ) as fc.Arbitrary<Step>,
  { maxLength: 30 },
)

it('an ended session is told once to each listener that was not stopped, and no other, in any order of events', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      const { here, there, begin, pass, shared } = processes({ idle: 20 * MINUTE })
      const both = [here, there] as const
      const sessions = [await begin('ada'), await begin('ada'), await begin('bob'), await begin()]
      const users = ['ada', 'ada', 'bob', undefined]
      const listeners: { handle: string; told: EndCause[]; stoppedAt?: number; stop(): void }[] = []
      for (const step of plan) {
        if (step.do === 'pass') await pass(step.ms)
        else if (step.do === 'stop') {
          const one = listeners[step.listener]
          if (one) {
            one.stop()
            one.stoppedAt ??= one.told.length
          }
        } else if (step.do === 'deaf') both[step.where].state.isDeaf = step.is
        else if (step.do === 'away') both[step.where].state.isAway = step.is
        else if (step.do === 'lose') both[step.where].loseConnection()
        else if (step.do === 'watch') {
          const { handle } = sessions[step.session]!
          const { told, listener } = listening()
          const stop = both[step.where].backend.ends.watch(handle, listener)
          listeners.push({ handle, told, stop })
        } else {
          // A request needs the store.
          const process = both[step.where]
          const wasAway = process.state.isAway
          process.state.isAway = false
          if (step.do === 'revokeUser')
            await process.backend.members.revokeAll(step.user, undefined)
          else {
            const { cookie, handle } = sessions[step.session]!
            const user = users[step.session]
            if (step.do === 'logout') await process.visit(cookie, logout())
            else if (step.do === 'visit') await process.visit(cookie)
            else if (step.do === 'revoke') {
              if (user !== undefined) await process.backend.members.revoke(user, handle)
            } else {
              const { cookie: renewed } = await process.visit(cookie, REGENERATE)
              sessions[step.session]!.cookie = renewed ?? cookie
            }
          }
          process.state.isAway = wasAway
        }
      }
      for (const { state } of both) state.isAway = false
      const atLast = here.clock()
      await pass(LATE_TOUCH + 2 * POLL)
      for (const { handle, told, stoppedAt } of listeners) {
        const row = await shared.read(handle)
        const hasEnded = row === null || row.expiresAt < atLast
        const mayBeTold = row === null || row.expiresAt < here.clock() - LATE_TOUCH
        if (stoppedAt !== undefined) expect(told).toHaveLength(stoppedAt)
        else if (hasEnded || !mayBeTold) expect(told).toHaveLength(hasEnded ? 1 : 0)
        else expect(told.length).toBeLessThan(2)
        if (told.length > 0) expect(mayBeTold).toBe(true)
      }
    }),
    { numRuns: 300 },
  )
})

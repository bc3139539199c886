import { describe, expect, test } from 'vitest'
import type { StoredOpened } from '../../../src/backends/stored/open.ts'
import { removals } from '../../../src/backends/stored/removals.ts'
import type { Change } from '../../../src/record/changes.ts'
import { newRecord } from '../../../src/record/record.ts'
import { replay } from '../../../src/record/replay.ts'
import { fakeClock } from '../../../src/testing/time/clock.ts'
import {
  bench,
  type BenchOptions,
  heldTimers,
  layout,
  login,
  logout,
  MINUTE,
  REGENERATE,
  set,
} from './bench.ts'

/** A backend whose store refuses to remove the keys in `stuck`; `calls` has the keys it was asked for. */
function outage(options: BenchOptions = {}) {
  const stuck = new Set<string>()
  const calls: string[] = []
  const made = bench({
    ...options,
    wrap: (inner) => ({
      ...inner,
      remove(key) {
        calls.push(key)
        return stuck.has(key) ? Promise.reject(new Error('away')) : inner.remove(key)
      },
    }),
  })
  const { backend, clock, timers, visit, store } = made
  /** Begins sessions of their own; returns their cookies. */
  async function begin(count: number): Promise<string[]> {
    const cookies: string[] = []
    for (let at = 0; at < count; at += 1) {
      cookies.push((await visit(undefined, set('a', at))).cookie!)
      clock.advance(MINUTE)
    }
    return cookies
  }
  /** A request with several cookies, to its end. */
  async function request(cookies: readonly string[], ...changes: Change[]) {
    const opening = settle(Promise.resolve(backend.open(cookies, clock())))
    await timers.pass(100)
    const opened = (await opening).value as StoredOpened
    const base = opened.record ?? newRecord(layout, Math.floor(clock() / 1000))
    const next = replay(base, changes, layout)
    const committing = Promise.resolve(backend.commit({ opened, changes, next, now: clock() }))
    const outcome = settle(committing)
    await timers.pass(100)
    return { opened, ...(await outcome) }
  }
  const rows = (cookies: readonly string[]) =>
    Promise.all(cookies.map(async (cookie) => (await store.read(keyOf(cookie))) !== null))
  return { ...made, stuck, calls, begin, request, rows }
}

function settle<Value>(promise: Promise<Value>): Promise<{ value?: Value; error?: any }> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
}

const keyOf = (cookie: string) => cookie.slice(0, 22)

const UNCONFIRMED = {
  status: 503,
  headers: { 'set-cookie': expect.stringContaining('Max-Age=0') },
}

describe('a logout with several genuine cookies, while the store is away', () => {
  test.each([
    ['the own session', [2]],
    ['an older one', [0]],
    ['none', [0, 1, 2]],
  ])('ends every session that it can, and later the others: not confirmed: %s', async (_, not) => {
    const { backend, begin, request, rows, stuck, calls } = outage()
    const cookies = await begin(3)
    for (const at of not) stuck.add(keyOf(cookies[at]!))
    const { error } = await request(cookies, logout())
    expect(error).toMatchObject(UNCONFIRMED)
    // The session's own first, which is the newest.
    expect(calls[0]).toBe(keyOf(cookies[2]!))
    expect(new Set(calls)).toEqual(new Set(cookies.map(keyOf)))
    expect(await rows(cookies)).toEqual([0, 1, 2].map((at) => not.includes(at)))
    expect(backend.removals.size).toBe(not.length)
    stuck.clear()
    expect(await backend.removals.drain(new AbortController().signal)).toBe(0)
    expect(await rows(cookies)).toEqual([false, false, false])
  })

  test('keeps a session whose end is not confirmed in the list of its user', async () => {
    const { store, visit, request, stuck, clock } = outage()
    const cookies: string[] = []
    for (let at = 0; at < 2; at += 1) {
      cookies.push((await visit(undefined, login('ann', clock))).cookie!)
      clock.advance(MINUTE)
    }
    stuck.add(keyOf(cookies[1]!))
    await request(cookies, logout())
    expect(await store.list('ann')).toEqual([keyOf(cookies[1]!)])
  })
})

test('a login ends each of the sessions that it leaves, though one removal fails', async () => {
  const { backend, begin, request, rows, stuck, clock, store } = outage()
  const cookies = await begin(2)
  clock.advance(60 * MINUTE - 1_000)
  stuck.add(keyOf(cookies[0]!))
  const { opened, error } = await request(cookies, login('ann', clock))
  expect(opened.leftovers).toHaveLength(2)
  expect(error).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
  expect(await rows(cookies)).toEqual([true, false])
  // The new session, whose cookie was not sent, is ended as well.
  stuck.clear()
  const [begun] = await store.list('ann')
  expect(await backend.removals.drain(new AbortController().signal)).toBe(0)
  expect(await store.read(begun!)).toBeNull()
  expect(await rows(cookies)).toEqual([false, false])
})

test('each session with a replayed id ends, though one removal fails', async () => {
  const { begin, visit, request, rows, stuck, clock } = outage({ onReplay: 'end' })
  const cookies = await begin(2)
  for (const cookie of cookies) {
    const renewed = await visit(cookie, REGENERATE)
    await visit(renewed.cookie)
  }
  clock.advance(2 * MINUTE)
  stuck.add(keyOf(cookies[0]!))
  const { opened } = await request(cookies)
  expect(opened.rejected).toEqual(['replayed', 'replayed'])
  expect(await rows(cookies)).toEqual([true, false])
})

describe('the queue of removals', () => {
  function queue() {
    const timers = heldTimers(fakeClock())
    const dropped: [why: string, key: string][] = []
    const state = { isAway: true, asked: 0 }
    const made = removals({
      remove() {
        state.asked += 1
        return state.isAway ? Promise.reject(new Error('away')) : Promise.resolve(true)
      },
      timer: timers.timer,
      background: timers.timer,
      onDropped: (why, key) => dropped.push([why, key]),
    })
    return { queue: made, timers, dropped, state }
  }

  test('reports a key that it has no room for', () => {
    const { queue: full, dropped } = queue()
    for (let key = 0; key < 1025; key += 1) full.add(`key ${key}`)
    // Those that are in it already take no more room.
    full.add('key 0')
    expect(full.size).toBe(1024)
    expect(dropped).toEqual([['full', 'key 1024']])
  })

  test('reports a key that it gives up after its attempts', async () => {
    const { queue: tried, timers, dropped, state } = queue()
    tried.add('key')
    await timers.pass(40 * MINUTE)
    expect(dropped).toEqual([['gave-up', 'key']])
    expect([tried.size, state.asked, timers.count]).toEqual([0, 20, 0])
  })

  test('counts a key until its removal is confirmed', async () => {
    const { queue: counted, timers, state } = queue()
    counted.add('key')
    await timers.pass(1_500)
    expect([counted.size, state.asked]).toEqual([1, 1])
    state.isAway = false
    await timers.pass(MINUTE)
    expect(counted.size).toBe(0)
  })

  test('is drained at once where the store is back, without its usual pauses', async () => {
    const { queue: waiting, timers, state } = queue()
    for (let key = 0; key < 40; key += 1) waiting.add(`key ${key}`)
    await timers.pass(5 * MINUTE)
    const left = waiting.drain(new AbortController().signal)
    await timers.pass(400)
    state.isAway = false
    await timers.pass(300)
    expect(await left).toBe(0)
    expect(timers.count).toBe(0)
  })

  test('says what is left where the store stays away, and goes on in the background', async () => {
    const { queue: waiting, timers, dropped, state } = queue()
    waiting.add('one')
    waiting.add('two')
    const stop = new AbortController()
    const left = waiting.drain(stop.signal)
    await timers.pass(60_000)
    stop.abort()
    expect(await left).toBe(2)
    // So many quick rounds are not the attempts after which it gives up.
    expect(state.asked).toBeGreaterThan(40)
    expect(dropped).toEqual([])
    state.isAway = false
    await timers.pass(1_500)
    expect([waiting.size, timers.count]).toEqual([0, 0])
  })

  test('ends a drain at its deadline, though a removal never settles', async () => {
    const timers = heldTimers(fakeClock())
    const stuck = removals({
      remove: () => new Promise(() => {}),
      timer: timers.timer,
      background: timers.timer,
    })
    stuck.add('key')
    const stop = new AbortController()
    const left = stuck.drain(stop.signal)
    stop.abort()
    expect(await left).toBe(1)
  })
})

/** A stored backend on a memory store, with a clock, timers and a store that tests hold in their hands. */

import type { DropCause, SessionLimit } from '../../../src/backends/store-backend.ts'
import { sessionIdFormat } from '../../../src/backends/stored/session-id.ts'
import { type BackendParts, storedBackend } from '../../../src/backends/stored/stored.ts'
import { type Random, systemRandom, type Timer } from '../../../src/base/ports.ts'
import { setCookieWriter } from '../../../src/http/set-cookie.ts'
import type { Change } from '../../../src/record/changes.ts'
import { replay } from '../../../src/record/replay.ts'
import { newRecord, type SessionRecord } from '../../../src/record/record.ts'
import { layoutWith } from '../../../src/session/setup/own-preset.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import type { StoreVerbs } from '../../../src/backends/stored/store.ts'
import { fakeClock, type FakeClock } from '../../../src/testing/time/clock.ts'

/** Timers that go off when a test says so. */
export interface HeldTimers {
  readonly timer: Timer
  /** Lets that many milliseconds pass, in order, with all that happens meanwhile. */
  pass(milliseconds: number): Promise<void>
  /** How many are set. */
  readonly count: number
}

export function heldTimers(clock: FakeClock): HeldTimers {
  let timers: { at: number; run: () => void }[] = []
  return {
    timer(run, delay) {
      const entry = { at: clock() + delay, run }
      timers.push(entry)
      return () => (timers = timers.filter((other) => other !== entry))
    },
    async pass(milliseconds) {
      const end = clock() + milliseconds
      for (;;) {
        await settled()
        const [next] = timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)
        if (!next) break
        timers = timers.filter((other) => other !== next)
        clock.set(Math.max(clock(), next.at))
        next.run()
      }
      clock.set(end)
      await settled()
    },
    get count() {
      return timers.length
    },
  }
}

/** Lets all that is under way come to rest. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
  await new Promise((next) => setImmediate(next))
}

/** What a test may choose. */
export interface BenchOptions {
  idle?: number
  permanent?: number
  rotate?: number
  grace?: number
  limit?: SessionLimit
  onReplay?: 'report' | 'end'
  keys?: string[]
  random?: Random
  onDropped?: (why: DropCause, handle: string) => void
  /** Stands between the backend and the store. */
  wrap?: (store: StoreVerbs) => StoreVerbs
}

/** A backend and what surrounds it. */
export interface Bench {
  readonly backend: BackendParts
  readonly store: StoreVerbs
  readonly clock: FakeClock
  readonly timers: HeldTimers
  /** Does changes under a cookie, as a request does; answers the cookie to go on with. */
  visit(cookie: string | undefined, ...changes: Change[]): Promise<Visited>
}

export interface Visited {
  /** The cookie the browser has afterwards. */
  cookie: string | undefined
  /** The line that was sent, if any. */
  setCookie: string | undefined
  record: SessionRecord | undefined
  rejected: readonly string[]
  notes: readonly { type: string }[]
}

export const MINUTE = 60_000

export const layout = layoutWith([])

export function bench(options: BenchOptions = {}, shared?: StoreVerbs): Bench {
  const clock = fakeClock(Date.UTC(2026, 0, 1))
  const { idle = 60 * MINUTE, permanent = idle, grace = 10_000, keys = ['one'] } = options
  const store = shared ?? memoryStore({ clock })
  const timers = heldTimers(clock)
  const attributes = {
    name: 'session',
    path: '/',
    httpOnly: true,
    secure: false,
    partitioned: false,
  }
  const backend = storedBackend({
    store: options.wrap ? options.wrap(store) : store,
    ids: sessionIdFormat(keys.map((key) => Buffer.from(key.padEnd(32, '.')))),
    writer: setCookieWriter(attributes, 'Max-Age'),
    rules: {
      layout,
      lifetime: { idle, permanent, absolute: undefined, leeway: 60_000, renewal: 'visits' },
      rotate: options.rotate,
      grace,
      maxBytes: 1_048_000,
    },
    pollInterval: 30_000,
    deadlines: { read: 250, write: 500, commit: 1_000, queue: 5_000 },
    limit: options.limit ?? { most: 1_000, onLimit: 'evict-oldest' },
    onReplay: options.onReplay ?? 'report',
    clock,
    timer: timers.timer,
    background: timers.timer,
    random: options.random ?? systemRandom,
    onDropped: options.onDropped,
  })
  return {
    backend,
    store,
    clock,
    timers,
    async visit(cookie, ...changes) {
      const opened = await backend.open(cookie === undefined ? [] : [cookie], clock())
      const base = opened.record ?? newRecord(layout, Math.floor(clock() / 1000))
      const next = replay(base, changes, layout)
      const committed = await backend.commit({ opened, changes, next, now: clock() })
      const { setCookie, notes = [] } = committed
      return {
        cookie: setCookie === undefined ? cookie : valueOf(setCookie),
        setCookie,
        record: committed.opened.record,
        rejected: opened.rejected,
        notes,
      }
    },
  }
}

/** The value a line sets; `undefined` where it clears the cookie. */
export function valueOf(line: string): string | undefined {
  return /^session=([^;]*)/.exec(line)?.[1] || undefined
}

export const set = (key: string, value: unknown): Change => ({
  do: 'set',
  key,
  text: JSON.stringify(value),
})

export const count = (key: string): Change => ({ do: 'update', key, fn: (n = 0) => n + 1 })

export const login = (userId: string, clock: () => number): Change => ({
  do: 'login',
  userId,
  at: Math.floor(clock() / 1000),
})

export const logout = (keep: readonly string[] = []): Change => ({ do: 'logout', keep, at: 0 })

export const REGENERATE: Change = { do: 'regenerate' }

/** What a key of a record holds. */
export function valueIn(record: SessionRecord | undefined, key: string): unknown {
  const field = record?.data.get(key)
  return field && JSON.parse(field.text)
}

/** What the conformance cases work with: an empty store, rows, retries and the steps that they share. */

import assert, { AssertionError } from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type {
  Admission,
  Limit,
  Revoked,
  Row,
  StoreVerbs,
  Swap,
} from '../../backends/stored/store.ts'
import type { FakeClock } from '../time/clock.ts'

/** A sentence about a store, and the check that throws an AssertionError if it is not true. */
export interface Scenario {
  readonly name: string
  readonly check: (bench: Bench) => Promise<void>
}

/** Makes a scenario: `it('wins once', async ({ store }) => ...)`. */
export function it(name: string, check: Scenario['check']): Scenario {
  return { name, check }
}

/** An empty store, and steps on it. Each step retries. */
export interface Bench {
  readonly store: StoreVerbs
  readonly clock: FakeClock
  /** A row that expires in an hour, with a write id of its own; `parts` replace its fields. */
  newRow(parts?: Partial<Row>): Row
  /** Inserts a new row, which has to win. */
  insertRow(key: string, parts?: Partial<Row>): Promise<Row>
  /** Swaps a row for the next one, which has to win. */
  swapRow(key: string, before: Row, parts?: Partial<Row>): Promise<Row>
  /** Fails unless reading the key returns this row. */
  assertHolds(key: string, row: Row | null): Promise<void>
  /** Every key that has a row, sorted. */
  allKeys(): Promise<string[]>
  /** Prunes until nothing is left to prune. Returns how many rows were deleted. */
  pruneAll(limit?: number): Promise<number>
  /** The same after so many milliseconds more, by the time of `StoreHarness.advance`. */
  pruneAfter(ms: number, limit?: number): Promise<number>
  /** Admits a key to the list of the owner `mona`, for an hour; with room, and at epoch 0, unless told. */
  admit(key: string, limit?: Limit, epoch?: number): Promise<Admission>
  /** Admits these keys in order. Fails unless each is admitted. */
  admitEach(keys: readonly string[]): Promise<void>
  /** Keeps a key in the list of `mona`, for an hour. */
  keep(key: string, epoch?: number): Promise<boolean>
  /** Raises the epoch of `mona`, for an hour. */
  revoke(epoch: number, except?: string): Promise<Revoked>
  /** What `read` says of the row's owner: the epoch, and whether the key is listed. */
  stateOf(key: string): Promise<readonly [epoch: number | undefined, isListed: boolean | undefined]>
}

/** How many commands a race sends concurrently: more than a client's pool has connections. */
export const RACERS = 64

/** A minute, in milliseconds. */
export const MINUTE = 60_000

export const WON: Swap = { won: true }
/** The result of a swap where no row is. */
export const FOUND_NONE: Swap = { won: false, newest: null }

export const ADMITTED: Admission = { admitted: true, over: [] }
export const REVOKED: Admission = { admitted: false, why: 'revoked' }
export const FULL: Admission = { admitted: false, why: 'limit' }

/** A limit that refuses further keys. */
export const refusing = (most: number): Limit => ({ most, refuse: true })

/** A limit that reports the oldest keys as over it. */
export const evicting = (most: number): Limit => ({ most, refuse: false })

/** A limit that is never reached. */
export const ROOM = evicting(1_000_000)

/** Makes the bench of one case. */
export function benchOn(
  store: StoreVerbs,
  clock: FakeClock,
  advance: (ms: number) => Promise<void>,
): Bench {
  const inAnHour = () => clock() + 60 * MINUTE
  const bench: Bench = {
    store,
    clock,
    newRow(parts) {
      return {
        write: writeId(),
        recent: [],
        expiresAt: inAnHour(),
        owner: null,
        body: '{"visits":1}',
        ...parts,
      }
    },
    async insertRow(key, parts) {
      const row = bench.newRow(parts)
      const { answer, isResent } = await outcomeOf(() => store.insert(key, row))
      const isIn = answer || (isResent && (await retry(() => store.read(key)))?.write === row.write)
      assert.equal(isIn, true, `insert of ${quoted(key)} has to win`)
      return row
    },
    async swapRow(key, before, parts) {
      const row = rowAfter(before, parts)
      const swap = await retry(() => store.swap(key, before.write, row))
      assert.deepEqual(swap, WON, `swap of ${quoted(key)} has to win`)
      return row
    },
    async assertHolds(key, row) {
      assertSameRow(await retry(() => store.read(key)), row, `the row of ${quoted(key)}`)
    },
    async allKeys() {
      const keys = new Set<string>()
      for await (const batch of store.keys()) for (const key of batch) keys.add(key)
      return [...keys].sort()
    },
    async pruneAll(limit = 1000) {
      let all = 0
      for (let calls = 0; calls < 1000; calls++) {
        const pruned = await store.prune(limit)
        assert.ok(pruned >= 0 && pruned <= limit, `prune(${limit}) says it deleted ${pruned}`)
        all += pruned
        if (pruned < limit) return all
      }
      return assert.fail('prune never finishes')
    },
    async pruneAfter(ms, limit) {
      await advance(ms)
      return bench.pruneAll(limit)
    },
    admit: (key, limit = ROOM, epoch = 0) =>
      retry(() => store.admit('mona', key, epoch, inAnHour(), limit)),
    async admitEach(keys) {
      for (const key of keys) assert.deepEqual(await bench.admit(key), ADMITTED)
    },
    keep: (key, epoch = 0) => retry(() => store.keep('mona', key, epoch, inAnHour())),
    revoke: (epoch, except) => retry(() => store.revoke('mona', epoch, inAnHour(), except)),
    async stateOf(key) {
      const found = await retry(() => store.read(key))
      return [found?.epoch, found?.isListed]
    },
  }
  return bench
}

/** A write id that no other write has. */
export function writeId(): string {
  return randomBytes(12).toString('base64url')
}

/** The row that a writer makes of the one it read. It carries along the last write ids of the others. */
export function rowAfter(before: Row, parts: Partial<Row> = {}): Row {
  const recent = [before.write, ...before.recent].slice(0, 32)
  return { ...before, write: writeId(), recent, ...parts }
}

/** The answer to a command, and whether it was sent more than once: the store may have executed each. */
export interface Outcome<Answer> {
  readonly answer: Answer
  readonly isResent: boolean
}

/** Sends a command until it succeeds: a store may reject under contention, executed or not. */
export async function outcomeOf<Answer>(send: () => Promise<Answer>): Promise<Outcome<Answer>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return { answer: await send(), isResent: attempt > 1 }
    } catch (error) {
      if (error instanceof AssertionError || attempt === ATTEMPTS) throw error
      await pause(Math.random() * attempt)
    }
  }
}

const ATTEMPTS = 50

/** The same for an idempotent command: returns its answer. */
export async function retry<Answer>(send: () => Promise<Answer>): Promise<Answer> {
  return (await outcomeOf(send)).answer
}

/** Fails unless exactly one of these commands did it; a rejection may have hidden which. */
export function assertOneDid(outcomes: readonly Outcome<boolean>[]): void {
  const did = outcomes.filter(({ answer }) => answer).length
  assert.ok(did === 1 || (did === 0 && outcomes.some(({ isResent }) => isResent)), `${did} did it`)
}

/** Fails unless the two rows are the same, and says where they differ without printing a megabyte. */
export function assertSameRow(actual: Row | null, expected: Row | null, what: string): void {
  if (actual && expected && actual.body !== expected.body) {
    const [is, should] = [actual.body, expected.body]
    let at = 0
    while (at < is.length && is[at] === should[at]) at++
    assert.fail(
      `${what}: the body differs at character ${at}: ` +
        `${quoted(is.slice(at, at + 20))} (of ${is.length}) instead of ` +
        `${quoted(should.slice(at, at + 20))} (of ${should.length})`,
    )
  }
  assert.deepEqual(actual && plain(actual), expected && plain(expected), what)
}

/** Calls `run` with 0 to n - 1, concurrently. */
export function atOnce<Value>(n: number, run: (index: number) => Promise<Value>): Promise<Value[]> {
  return Promise.all(Array.from({ length: n }, (_, index) => run(index)))
}

/** A text for a message: quoted, escaped and short. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text)
}

function plain({ write, recent, expiresAt, owner, body }: Row): Row {
  return { write, recent: [...recent], expiresAt, owner, body }
}

/** What the rooms of the conformance suite share: a scenario, its bench, and rows to work with. */

import assert, { AssertionError } from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Row, StoreVerbs } from '../../backends/stored/store.ts'
import type { FakeClock } from '../time/clock.ts'

/** What a scenario works on: an empty store. */
export interface Bench {
  readonly store: StoreVerbs
  readonly clock: FakeClock
  /** Moves the time by which the store collects. */
  advance(ms: number): Promise<void>
}

/** One promise of the contract, and how it is looked into. */
export interface Scenario {
  /** A sentence. */
  readonly name: string
  check(bench: Bench): Promise<void>
}

/** How many race in a race: more than any client's pool has connections. */
export const RACERS = 64

/** A minute, in milliseconds. */
export const MINUTE = 60_000

/** An id for a write, which no other write has. */
export function writeId(): string {
  return randomBytes(12).toString('base64url')
}

/** A row that ends in an hour, by a write of its own; `parts` say what is different. */
export function rowBy(clock: FakeClock, parts: Partial<Row> = {}): Row {
  return {
    write: writeId(),
    recent: [],
    expiresAt: clock() + 60 * MINUTE,
    owner: null,
    body: '{"visits":1}',
    ...parts,
  }
}

/** The row that a writer makes of the one it read: the other writers' last writes are carried along. */
export function rowAfter(before: Row, parts: Partial<Row> = {}): Row {
  const recent = [before.write, ...before.recent].slice(0, 32)
  return { ...before, write: writeId(), recent, ...parts }
}

/** An answer, and whether the command was sent before: then it may be the second that is answered. */
export interface Settled<Answer> {
  readonly answer: Answer
  readonly isResent: boolean
}

/**
 * Sends a command until it is answered. A store may reject under contention, whether or not it
 * executed the command; what that came to, the same command sent again tells.
 */
export async function settled<Answer>(send: () => Promise<Answer>): Promise<Settled<Answer>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return { answer: await send(), isResent: attempt > 1 }
    } catch (error) {
      if (error instanceof AssertionError || attempt === ATTEMPTS) throw error
      await pause(Math.random() * attempt)
    }
  }
}

/** The answer of a command that comes to the same when it is executed twice. */
export async function surely<Answer>(send: () => Promise<Answer>): Promise<Answer> {
  return (await settled(send)).answer
}

const ATTEMPTS = 50

/** Puts a row under the key. */
export async function insertRow(
  { store, clock }: Bench,
  key: string,
  parts: Partial<Row> = {},
): Promise<Row> {
  const row = rowBy(clock, parts)
  const { answer, isResent } = await settled(() => store.insert(key, row))
  const isIn = answer || (isResent && (await surely(() => store.read(key)))?.write === row.write)
  assert.equal(isIn, true, `insert of ${quoted(key)} has to win`)
  return row
}

/** Fails unless the store answers exactly this row. */
export async function assertHolds({ store }: Bench, key: string, row: Row | null): Promise<void> {
  assertSameRow(await surely(() => store.read(key)), row, `what ${quoted(key)} holds`)
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

/** Every key that holds a row. */
export async function keysOf({ store }: Bench): Promise<string[]> {
  const keys = new Set<string>()
  for await (const batch of store.keys()) for (const key of batch) keys.add(key)
  return [...keys].sort()
}

/** Prunes until nothing is left to prune. Returns how many there were. */
export async function pruneAll({ store }: Bench, limit = 1000): Promise<number> {
  let all = 0
  for (let calls = 0; calls < 1000; calls++) {
    const pruned = await store.prune(limit)
    assert.ok(pruned >= 0 && pruned <= limit, `prune(${limit}) says it deleted ${pruned}`)
    all += pruned
    if (pruned < limit) return all
  }
  return assert.fail('prune goes on for ever')
}

/** Runs the same thing for 0 to n - 1, all at once. */
export function atOnce<Outcome>(
  n: number,
  run: (index: number) => Promise<Outcome>,
): Promise<Outcome[]> {
  return Promise.all(Array.from({ length: n }, (_, index) => run(index)))
}

/** A text for a message: quoted, escaped and short. */
export function quoted(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 40)}...` : text
  return JSON.stringify(short)
}

function plain({ write, recent, expiresAt, owner, body }: Row): Row {
  return { write, recent: [...recent], expiresAt, owner, body }
}

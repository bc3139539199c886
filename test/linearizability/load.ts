/** The load: clients that call a store on few keys at once, and write down what they were told. */

import { clearTimeout, setTimeout } from 'node:timers'
import { setImmediate } from 'node:timers/promises'
import type { Row, Store } from '../../src/backends/stored/store.ts'
import type { Answer, Call, Operation } from './history.ts'

export interface Load {
  /** Which process this is; no two clients of a run have the same name. */
  readonly name: string
  readonly clients: number
  /** How many keys are in use at a time. */
  readonly keys: number
  /** How long each is, before another takes its place: a key that was removed stays so. */
  readonly keyMs: number
  /** When a client gives up on a call and goes on: what it was told then is "unknown". */
  readonly deadlineMs: number
  /** When the load began and when it ends, by the clock of the histories. */
  readonly from: bigint
  readonly until: bigint
}

/** What a client knows of the key it works on. */
interface Knowledge {
  readonly key: string
  /** What it last saw there; undefined where it saw nothing yet. */
  readonly seen: Row | null | undefined
  /** Its last swap, to send again. */
  readonly swap: Call | undefined
}

/** Runs all clients to the end. Tells each operation twice: when it is called and when it is over. */
export async function work(
  store: Store,
  load: Load,
  tell: (operation: Operation) => void,
): Promise<void> {
  const names = Array.from({ length: load.clients }, (_, index) => `${load.name}c${index}`)
  await Promise.all(names.map((name) => workAs(name, store, load, tell)))
}

async function workAs(
  name: string,
  store: Store,
  load: Load,
  tell: (operation: Operation) => void,
): Promise<void> {
  const known = new Map<number, Knowledge>()
  for (let count = 0; ; count++) {
    const now = process.hrtime.bigint()
    if (now >= load.until) return
    const slot = Math.floor(Math.random() * load.keys)
    const turn = Number(now - load.from) / 1e6 / load.keyMs
    const key = `k${slot}-${Math.floor(turn)}`
    const before = known.get(slot)
    const about = before?.key === key ? before : { key, seen: undefined, swap: undefined }
    const call = chosen(about, `${name}.${count}`, turn)
    const calledAt = process.hrtime.bigint()
    const operation: Operation = { key, client: name, call, calledAt, outcome: null }
    tell(operation)
    const answered = { ...operation, outcome: await outcomeOf(store, operation, load.deadlineMs) }
    tell(answered)
    known.set(slot, { key, ...learned(about, answered) })
    // A store that answers at once would otherwise leave the loop to this client alone.
    await setImmediate()
  }
}

async function outcomeOf(
  store: Store,
  { key, call }: Operation,
  deadlineMs: number,
): Promise<Operation['outcome']> {
  let deadline: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    deadline = setTimeout(reject, deadlineMs)
  })
  try {
    const answer = await Promise.race([send(store, key, call), late])
    return { answer, at: process.hrtime.bigint() }
  } catch {
    return null
  } finally {
    clearTimeout(deadline)
  }
}

function send(store: Store, key: string, call: Call): Promise<Answer> {
  switch (call.verb) {
    case 'read':
      return store.read(key)
    case 'insert':
      return store.insert(key, call.row)
    case 'swap':
      return store.swap(key, call.ifWrite, call.row)
    case 'touch':
      return store.touch(key, call.expiresAt)
    case 'remove':
      return store.remove(key)
  }
}

function learned(about: Knowledge, { call, outcome }: Operation): Omit<Knowledge, 'key'> {
  const swap = call.verb === 'swap' ? call : about.swap
  if (outcome === null) return { seen: about.seen, swap }
  const { answer } = outcome
  if (call.verb === 'read') return { seen: answer as Row | null, swap }
  if (call.verb === 'insert' && answer === true) return { seen: call.row, swap }
  if (call.verb === 'remove') return { seen: null, swap }
  if (call.verb === 'swap' && typeof answer === 'object' && answer !== null && 'won' in answer) {
    return { seen: answer.won ? call.row : answer.newest, swap }
  }
  return { seen: about.seen, swap }
}

function chosen({ key, seen, swap }: Knowledge, write: string, turn: number): Call {
  if (Math.random() < mortality(turn, seen)) return { verb: 'remove' }
  const insert: Call = { verb: 'insert', row: rowBy(write, key, null) }
  const row = rowBy(write, key, seen ?? null)
  const next: Call = { verb: 'swap', ifWrite: seen?.write ?? 'none', row }
  const dice = Math.random()
  if (dice < 0.15) return { verb: 'touch', expiresAt: someEnd() }
  if (dice < 0.25) return swap ?? insert
  if (seen) return dice < 0.5 ? { verb: 'read' } : dice < 0.99 ? next : insert
  return dice < 0.75 ? { verb: 'read' } : dice < 0.8 ? next : insert
}

/** What is removed stays so until the key's time is over: most are spared until near the end. */
function mortality(turn: number, seen: Row | null | undefined): number {
  if (Math.floor(turn) % 5 === 4 && seen !== null) return 0.25
  return turn % 1 < 0.8 ? 0.0003 : 0.01
}

/** As the library makes them: each writer's last write is remembered, but only a few here. */
function rowBy(write: string, key: string, before: Row | null): Row {
  const earlier = before ? [before.write, ...before.recent] : []
  const recent = earlier
    .filter((other) => writerOf(other) !== writerOf(write))
    .filter(
      (other, index, all) => all.findIndex((one) => writerOf(one) === writerOf(other)) === index,
    )
    .slice(0, RECENT)
  // Now and then a long one, which an engine may keep or send in parts.
  const size = Math.random() < 0.005 ? 4000 : 10
  const body = `${key} ${write} ${'é\u{1F642}"'.repeat(Math.random() * size)}`
  return { write, recent, expiresAt: someEnd(), owner: Math.random() < 0.5 ? null : 'ö', body }
}

/** Fewer than there are clients, so that some swaps are sent again after they are forgotten. */
const RECENT = 5

function writerOf(write: string): string {
  return write.slice(0, write.indexOf('.'))
}

/** About now: a store answers what has expired too, and the next end is often a lower one. */
function someEnd(): number {
  return Date.now() + Math.floor(Math.random() * 1000) - 500
}

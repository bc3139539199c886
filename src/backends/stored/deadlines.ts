/** Calls a store with deadlines, a bound on concurrent calls, and one safe retry. */

import { SessionError } from '../../base/errors.ts'
import type { Timer } from '../../base/ports.ts'
import { callQueue, type SentCall } from './call-queue.ts'
import { type Outcome, sharedReads } from './shared-reads.ts'
import type { FoundRow, StoreVerbs } from './store.ts'
import type { GuardedStore, StoredOptions } from './commit-work.ts'
import { isNotSent, isUnknown, refusal, tooLate } from './store-errors.ts'

/** The most concurrent calls of a client without a pool: more would only slow down the store. */
const MAX_CALLS = 1024

/** The deadline of one batch of keys or rows, one prune, or one check. */
const UPKEEP = 10_000
const UPKEEP_VERBS: ReadonlySet<string> = new Set([
  'list its keys',
  'prune',
  'read many rows',
  'tell its settings',
])

/** May retry a failed call, within the same deadline. */
type Recover<Answer> = (error: unknown, call: SentCall) => Promise<Answer>

/**
 * Guards a store: deadlines, a bound on concurrent calls, and one retry.
 *
 * All verbs except `insert` and `touch` are retried. A read is retried within its deadline. A write
 * with an unknown outcome is sent again, because no write is applied twice.
 */
export function guardedStore(
  store: StoreVerbs,
  ports: Pick<StoredOptions, 'timer' | 'clock' | 'random' | 'deadlines' | 'concurrency'>,
): GuardedStore {
  const { timer, clock, random, deadlines } = ports
  const { pool } = store
  const most = ports.concurrency ?? pool?.size ?? MAX_CALLS
  const queue = callQueue({ most, patience: deadlines.queue, upkeep: UPKEEP_VERBS, timer, clock })
  const isPoolFull = () => pool !== undefined && pool.isFull()
  const isQueueing = () => queue.isQueueing() || isPoolFull()

  /**
   * Makes a call once, when it is its turn. A result after the deadline is ignored. Every request
   * runs this, so it uses callbacks, which cost less than `await`.
   */
  function within<Answer>(
    verb: string,
    limit: number,
    act: () => Promise<Answer>,
    data?: unknown,
    recover?: Recover<Answer>,
    call: SentCall | Promise<SentCall> = queue.enter(verb),
  ): Promise<Answer> {
    if (call instanceof Promise) return withinAfter(call, verb, limit, act, data, recover)
    return new Promise<Answer>((resolve, reject) => {
      let cancel = timer(() => {
        const giveUp = () => {
          queue.markLate(call)
          reject(tooLate(verb, limit))
        }
        // The app's own calls may use all connections.
        if (isPoolFull()) cancel = timer(giveUp, deadlines.queue)
        else giveUp()
      }, limit)
      const succeed = (answer: Answer) => {
        if (saysNothing(verb, answer)) return fail(new Error(NOTHING))
        cancel()
        queue.leave(call)
        resolve(answer)
      }
      const fail = (error: unknown) => {
        cancel()
        queue.leave(call)
        reject(refusal(verb, error, data))
      }
      const failed = recover
        ? (failure: unknown) => void recover(failure, call).then(succeed, fail)
        : fail
      try {
        // A store of the app may return a value instead of a promise.
        Promise.resolve(act()).then(succeed, failed)
      } catch (error) {
        failed(error)
      }
    })
  }

  /** A separate function, so that a call that need not wait allocates no closure. */
  function withinAfter<Answer>(
    turn: Promise<SentCall>,
    ...[verb, limit, act, data, recover]: Parameters<typeof within<Answer>>
  ): Promise<Answer> {
    return turn.then((call) => within(verb, limit, act, data, recover, call))
  }

  /** Calls, and retries once; both together within the deadline of a commit. */
  function twice<Answer>(verb: string, limit: number, act: () => Promise<Answer>, data?: unknown) {
    const { commit } = deadlines
    return new Promise<Answer>((resolve, reject) => {
      const giveUp = () => reject(tooLate(verb, commit))
      let cancel = timer(() => {
        if (isQueueing()) cancel = timer(giveUp, deadlines.queue)
        else giveUp()
      }, commit)
      void tryTwice(verb, limit, act, data)
        .finally(() => cancel())
        .then(resolve, reject)
    })
  }

  /** The same without that deadline. The pause lets a connection come back. */
  function tryTwice<Answer>(
    verb: string,
    limit: number,
    act: () => Promise<Answer>,
    data: unknown,
  ) {
    return within(verb, limit, act, data).catch(async (error: unknown) => {
      if (!isUnknown(error)) throw error
      await pause(timer, 5 + (random(1)[0]! / 255) * 45)
      return within(verb, limit, act, data).catch((second: unknown) => {
        // The first call may still have been executed.
        throw isNotSent(second) ? error : second
      })
    })
  }

  /** The pause before a failed read is repeated, within its deadline: it lets a connection come back. */
  async function beforeRepeat(error: unknown, call: SentCall): Promise<void> {
    if (error instanceof SessionError || call.isLate) throw error
    await pause(timer, 5 + (random(1)[0]! / 255) * 15)
    if (call.isLate) throw error
  }

  function readAlone(key: string, entered?: SentCall) {
    const read = () => store.read(key)
    const repeat: Recover<FoundRow | null> = async (error, call) => {
      await beforeRepeat(error, call)
      return read()
    }
    return within('read', deadlines.read, read, undefined, repeat, entered)
  }

  /** Reads several rows in one call; if it fails, one after another, within the same deadline. */
  function readTogether(wanted: readonly string[], entered: SentCall) {
    const read = async (): Promise<readonly Outcome[]> => {
      const rows: unknown = await store.readMany!(wanted)
      return Array.isArray(rows) ? rows : []
    }
    const repeat: Recover<readonly Outcome[]> = async (error, call) => {
      await beforeRepeat(error, call)
      const rows: Outcome[] = []
      for (const key of wanted) {
        if (call.isLate) throw error
        try {
          rows.push(await store.read(key))
        } catch (failure) {
          rows.push({ failure: refusal('read', failure, undefined) })
        }
      }
      return rows
    }
    return within('read', deadlines.read, read, undefined, repeat, entered)
  }

  const readShared = sharedReads({
    queue,
    alone: readAlone,
    together: readTogether,
    clock,
    openFor: deadlines.queue / 5,
  })

  /** Looked at for each read: a tool that watches calls may replace `read` at any time. */
  const isShared = () => store.readMany !== undefined && store.sharedRead === store.read

  async function* keys() {
    const batches = store.keys()[Symbol.asyncIterator]()
    let isDone: boolean | undefined
    try {
      do {
        const batch = await within('list its keys', UPKEEP, () => batches.next())
        isDone = batch.done ?? false
        if (!batch.done) yield batch.value
      } while (!isDone)
    } finally {
      // Not awaited: it would wait for a `next()` that hangs.
      if (!isDone) void (async () => batches.return?.())().catch(() => {})
    }
  }

  const { write } = deadlines
  return {
    read: (key) => (isShared() ? readShared(key) : readAlone(key)),
    insert: (key, row) => within('insert', write, () => store.insert(key, row), row),
    // The commit that waits for the swap has a deadline of its own.
    swap: (key, ifWrite, row) => tryTwice('save', write, () => store.swap(key, ifWrite, row), row),
    touch: (key, expiresAt) => within('touch', write, () => store.touch(key, expiresAt)),
    remove: (key) => twice('remove', write, () => store.remove(key)),
    epoch: (owner) =>
      twice('read when the user was last revoked', write, () => store.epoch(owner), owner),
    admit: (...args) => twice('admit', write, () => store.admit(...args), args[0]),
    keep: (...args) => twice('keep', write, () => store.keep(...args), args[0]),
    list: (...args) => twice('list', write, () => store.list(...args), args[0]),
    revoke: (...args) => twice('revoke', write, () => store.revoke(...args), args[0]),
    forget: (...args) => twice('forget', write, () => store.forget(...args), args[0]),
    erase: (owner) => twice('erase', write, () => store.erase(owner), owner),
    keys,
    prune: (limit) => within('prune', UPKEEP, () => store.prune(limit)),
    check: () => within('tell its settings', UPKEEP, () => store.check()),
    ...(store.readMany && {
      readMany: (wanted) => within('read many rows', UPKEEP, () => store.readMany!(wanted)),
    }),
    load: queue.load,
    isQueueing,
  }
}

const NOTHING = 'it returned nothing: is its client one that takes callbacks?'

/** Whether a reply is empty. It must not be mistaken for a session that does not exist. */
function saysNothing(verb: string, answer: unknown): boolean {
  if (verb === 'forget' || verb === 'erase') return false
  if (answer === undefined || answer === null) return answer === undefined || verb !== 'read'
  const { won, newest } = answer as Partial<{ won: boolean; newest: unknown }>
  return verb === 'save' && !won && newest === undefined
}

/** Waits some milliseconds. */
export function pause(timer: Timer, delay: number): Promise<void> {
  return new Promise((resolve) => void timer(resolve, delay))
}

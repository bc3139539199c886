/** Calls a store with deadlines, a bound on concurrent calls, and one safe retry. */

import { SessionError } from '../../base/errors.ts'
import type { Timer } from '../../base/ports.ts'
import type { StoreVerbs } from './store.ts'
import type { GuardedStore, StoredOptions } from './commit-work.ts'
import { isUnknown, refusal, tooLate, unavailable } from './store-errors.ts'

/** The most concurrent calls; more of them would only slow down a store that is this far behind. */
const MAX_CALLS = 1024

/** A call past its deadline still counts, since the client holds it, but at most this long. */
const LOST_AFTER = 30_000

/** The deadline of one batch of keys, one prune, or one check. */
const UPKEEP = 10_000

/**
 * Guards a store: deadlines, a bound on concurrent calls, and one retry.
 *
 * All verbs but `insert` and `touch` are retried. A read is retried within its deadline. A write of
 * unknown outcome is settled by sending the same write again, since none is applied twice.
 */
export function guardedStore(
  store: StoreVerbs,
  ports: Pick<StoredOptions, 'timer' | 'background' | 'random' | 'deadlines'>,
): GuardedStore {
  const { timer, background, random, deadlines } = ports
  let calls = 0
  let refused = 0

  /**
   * Calls once; a result after the deadline is ignored. Callbacks cost less than `await` here, on
   * the path of every request.
   *
   * @param recover may retry a failed call, within the same deadline.
   */
  function within<Answer>(
    verb: string,
    limit: number,
    act: () => Promise<Answer>,
    sent?: unknown,
    recover?: (error: unknown, isOver: () => boolean) => Promise<Answer>,
  ) {
    return new Promise<Answer>((resolve, reject) => {
      if (calls >= MAX_CALLS) {
        refused += 1
        reject(unavailable(verb, `${MAX_CALLS} calls are already waiting for it`))
        return
      }
      calls += 1
      let isOver = false
      let isCounted = true
      let forget: (() => void) | undefined
      const free = () => {
        if (isCounted) calls -= 1
        isCounted = false
        forget?.()
      }
      const cancel = timer(() => {
        isOver = true
        forget = background(free, LOST_AFTER)
        reject(tooLate(verb, limit))
      }, limit)
      const succeed = (answer: Answer) => {
        if (saysNothing(verb, answer)) return fail(new Error(NOTHING))
        cancel()
        free()
        resolve(answer)
      }
      const fail = (error: unknown) => {
        cancel()
        free()
        reject(refusal(verb, error, sent))
      }
      const failed = recover
        ? (failure: unknown) => void recover(failure, () => isOver).then(succeed, fail)
        : fail
      try {
        act().then(succeed, failed)
      } catch (error) {
        failed(error)
      }
    })
  }

  /** Calls, and retries once; both together within the deadline of a commit. */
  function twice<Answer>(verb: string, limit: number, act: () => Promise<Answer>, sent?: unknown) {
    const { commit } = deadlines
    return new Promise<Answer>((resolve, reject) => {
      const cancel = timer(() => reject(tooLate(verb, commit)), commit)
      void tryTwice(verb, limit, act, sent).finally(cancel).then(resolve, reject)
    })
  }

  /** The same without that deadline. The pause lets a connection come back. */
  function tryTwice<Answer>(
    verb: string,
    limit: number,
    act: () => Promise<Answer>,
    sent: unknown,
  ) {
    return within(verb, limit, act, sent).catch(async (error: unknown) => {
      if (!isUnknown(error)) throw error
      await pause(timer, 5 + (random(1)[0]! / 255) * 45)
      return within(verb, limit, act, sent)
    })
  }

  function readTwice(key: string) {
    const read = () => store.read(key)
    return within('read', deadlines.read, read, undefined, async (error, isOver) => {
      if (error instanceof SessionError || isOver()) throw error
      await pause(timer, 5 + (random(1)[0]! / 255) * 15)
      if (isOver()) throw error
      return read()
    })
  }

  async function* keys() {
    const batches = store.keys()[Symbol.asyncIterator]()
    for (;;) {
      const batch = await within('list its keys', UPKEEP, () => batches.next())
      if (batch.done) return
      yield batch.value
    }
  }

  const { write } = deadlines
  return {
    read: readTwice,
    insert: (key, row) => within('insert', write, () => store.insert(key, row), row),
    // The commit that waits for the swap has a deadline of its own.
    swap: (key, ifWrite, row) => tryTwice('save', write, () => store.swap(key, ifWrite, row), row),
    touch: (key, expiresAt) => within('touch', write, () => store.touch(key, expiresAt)),
    remove: (key) => twice('remove', write, () => store.remove(key)),
    epoch: (owner) => twice('read an epoch', write, () => store.epoch(owner), owner),
    admit: (...args) => twice('admit', write, () => store.admit(...args), args[0]),
    keep: (...args) => twice('keep', write, () => store.keep(...args), args[0]),
    list: (...args) => twice('list', write, () => store.list(...args), args[0]),
    revoke: (...args) => twice('revoke', write, () => store.revoke(...args), args[0]),
    forget: (...args) => twice('forget', write, () => store.forget(...args), args[0]),
    erase: (owner) => twice('erase', write, () => store.erase(owner), owner),
    load: () => ({ inFlight: calls, waiting: 0, refused }),
    keys,
    prune: (limit) => within('prune', UPKEEP, () => store.prune(limit)),
    check: () => within('tell its settings', UPKEEP, () => store.check()),
  }
}

const NOTHING = 'it returned nothing: is its client one that takes callbacks?'

/** Whether a reply says nothing. That must not be taken for a session that does not exist. */
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

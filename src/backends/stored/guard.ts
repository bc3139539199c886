/** Every call of a store: within its deadline, bounded in number, and safely tried once more. */

import { SessionError } from '../../base/errors.ts'
import type { Random, Timer } from '../../base/ports.ts'
import type { StoreVerbs } from './store.ts'
import { isUnknown, refusal, tooLate, unavailable } from './store-errors.ts'

/** How long to wait for a store, in milliseconds. */
export interface Deadlines {
  /** One read. */
  read: number
  /** One write. */
  write: number
  /**
   * A whole commit: waiting for other requests that change the same session, reading, swapping, and
   * the pauses after lost swaps.
   */
  commit: number
}

/** A store whose verbs always settle: with its answer, or with ERR_STORE_UNAVAILABLE in time. */
export type GuardedStore = Omit<StoreVerbs, 'engine'>

/** What a guard needs of the world. */
export interface GuardPorts {
  timer: Timer
  /** Does not keep the process alive. */
  background: Timer
  random: Random
  deadlines: Deadlines
}

/** The most calls under way at once; a store that is this far behind only gets slower by more. */
const MAX_CALLS = 1024

/** A call that is past its deadline still counts, since the client holds it; at most so long. */
const LOST_AFTER = 30_000

/** The deadline of one step of upkeep: a batch of keys, a prune. */
const UPKEEP = 10_000

/**
 * Guards a store.
 *
 * A call that failed is made once more where that is safe and worth it, which it is for all but
 * `insert` and `touch`. Reads are made again only within their deadline; a write of unknown outcome
 * is settled by the same write, since none is applied twice.
 */
export function guardedStore(store: StoreVerbs, ports: GuardPorts): GuardedStore {
  const { timer, background, random, deadlines } = ports
  let calls = 0

  /**
   * Calls once. An answer of the store after the deadline is ignored.
   *
   * By callbacks and not `await`: this is on the path of every request.
   *
   * @param recover may make the call again, within the same deadline, when it has failed.
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
        reject(unavailable(verb, `${MAX_CALLS} calls are under way already`))
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

  /**
   * Calls, and once more if that failed: after a moment, so that a connection can come back.
   *
   * All of it takes no longer than saving a request's work may take.
   */
  function twice<Answer>(verb: string, limit: number, act: () => Promise<Answer>, sent?: unknown) {
    const { commit } = deadlines
    return new Promise<Answer>((resolve, reject) => {
      const cancel = timer(() => reject(tooLate(verb, commit)), commit)
      void tryTwice(verb, limit, act, sent).finally(cancel).then(resolve, reject)
    })
  }

  function tryTwice<Answer>(
    verb: string,
    limit: number,
    act: () => Promise<Answer>,
    sent?: unknown,
  ) {
    return within(verb, limit, act, sent).catch(async (error: unknown) => {
      if (!isUnknown(error)) throw error
      await pause(timer, 5 + (random(1)[0]! / 255) * 45)
      return within(verb, limit, act, sent)
    })
  }

  /** A read that failed at once is worth another, within the same deadline. */
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
    // Who waits for a swap has a deadline of its own, which began earlier.
    swap: (key, ifWrite, row) => tryTwice('save', write, () => store.swap(key, ifWrite, row), row),
    touch: (key, expiresAt) => within('touch', write, () => store.touch(key, expiresAt)),
    remove: (key) => twice('remove', write, () => store.remove(key)),
    admit: (...args) => twice('admit', write, () => store.admit(...args), args[0]),
    keep: (owner, until) => twice('keep', write, () => store.keep(owner, until), owner),
    list: (owner, revoking) => twice('list', write, () => store.list(owner, revoking), owner),
    forget: (owner, list) => twice('forget', write, () => store.forget(owner, list), owner),
    keys,
    prune: (limit) => within('prune', UPKEEP, () => store.prune(limit)),
    check: () => within('tell its settings', UPKEEP, () => store.check()),
  }
}

/** Waits some milliseconds. */
export function pause(timer: Timer, delay: number): Promise<void> {
  return new Promise((resolve) => void timer(resolve, delay))
}

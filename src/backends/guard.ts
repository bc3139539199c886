/** Every call of a store: within its deadline, bounded in number, and safely tried once more. */

import { because, SessionError } from '../base/errors.ts'
import type { Random, Timer } from '../base/ports.ts'
import type { SessionStore } from '../stores/store.ts'

/** How long to wait for a store, in milliseconds. */
export interface Deadlines {
  /** One read. */
  read: number
  /** One write. */
  write: number
  /** Keeping what a request did, with all its retries and waiting. */
  commit: number
}

/** The verbs of a store that requests call. */
export type GuardedStore = Pick<
  SessionStore,
  'read' | 'insert' | 'swap' | 'touch' | 'remove' | 'admit' | 'keep' | 'list' | 'forget'
>

/** What a guard needs of the world. */
export interface GuardPorts {
  timer: Timer
  random: Random
  deadlines: Deadlines
}

/** The most calls under way at once; a store that is this far behind only gets slower by more. */
const MAX_CALLS = 1024

/**
 * A store whose verbs always settle: with its answer, or with ERR_STORE_UNAVAILABLE in time.
 *
 * A call that failed is made once more where that is safe, which all but `insert` are; `touch` is
 * not worth it. Reads are made again only within their deadline; a write of unknown
 * outcome is settled by the same write, since none is applied twice.
 */
export function guardedStore(store: SessionStore, ports: GuardPorts): GuardedStore {
  const { timer, random, deadlines } = ports
  let calls = 0

  /** Calls once. The store's own answer after the deadline goes unheard. */
  function within<Answer>(verb: string, limit: number, act: () => Promise<Answer>) {
    return new Promise<Answer>((resolve, reject) => {
      if (calls >= MAX_CALLS) {
        reject(unavailable(verb, `${MAX_CALLS} calls are under way already`))
        return
      }
      calls += 1
      let settled = false
      const settle = (how: () => void) => {
        if (settled) return
        settled = true
        cancel()
        calls -= 1
        how()
      }
      const cancel = timer(() => settle(() => reject(tooLate(verb, limit))), limit)
      // Async, so that a client that throws at once is heard like one that rejects.
      void (async () => act())().then(
        (answer) => settle(() => resolve(answer)),
        (error: unknown) => settle(() => reject(refusal(verb, error))),
      )
    })
  }

  /**
   * Calls, and once more if that failed: after a moment, so that a connection can come back.
   *
   * All of it takes no longer than keeping a request's work may take.
   */
  function twice<Answer>(verb: string, limit: number, act: () => Promise<Answer>) {
    const { commit } = deadlines
    return new Promise<Answer>((resolve, reject) => {
      const cancel = timer(() => reject(tooLate(verb, commit)), commit)
      void tryTwice(verb, limit, act).finally(cancel).then(resolve, reject)
    })
  }

  async function tryTwice<Answer>(verb: string, limit: number, act: () => Promise<Answer>) {
    try {
      return await within(verb, limit, act)
    } catch (error) {
      if (!isUnknown(error)) throw error
      await pause(timer, 5 + (random(1)[0]! / 255) * 45)
      return within(verb, limit, act)
    }
  }

  const { write } = deadlines
  return {
    read: (key) => within('read', deadlines.read, () => readTwice(key)),
    insert: (key, row) => within('insert', write, () => store.insert(key, row)),
    // Who waits for a swap has a deadline of its own, which began earlier.
    swap: (key, ifWrite, row) => tryTwice('save', write, () => store.swap(key, ifWrite, row)),
    touch: (key, expiresAt) => within('touch', write, () => store.touch(key, expiresAt)),
    remove: (key) => twice('remove', write, () => store.remove(key)),
    admit: (...args) => twice('admit', write, () => store.admit(...args)),
    keep: (owner, until) => twice('keep', write, () => store.keep(owner, until)),
    list: (owner, revoking) => twice('list', write, () => store.list(owner, revoking)),
    forget: (owner, keys) => twice('forget', write, () => store.forget(owner, keys)),
  }

  /** A read that failed at once is worth another, within the same deadline. */
  async function readTwice(key: string) {
    try {
      return await store.read(key)
    } catch (error) {
      if (error instanceof SessionError) throw error
      await pause(timer, 5 + (random(1)[0]! / 255) * 15)
      return store.read(key)
    }
  }
}

/** Lets some milliseconds pass. */
export function pause(timer: Timer, delay: number): Promise<void> {
  return new Promise((resolve) => void timer(resolve, delay))
}

/** Whether the call may have been executed after all. */
export function isUnknown(error: unknown): boolean {
  return error instanceof SessionError && error.code === 'ERR_STORE_UNAVAILABLE'
}

function refusal(verb: string, error: unknown): unknown {
  if (error instanceof SessionError) return error
  return because(unavailable(verb, 'it answered with an error'), error)
}

function tooLate(verb: string, limit: number): SessionError {
  return unavailable(verb, `there was no answer within ${limit} ms`)
}

function unavailable(verb: string, why: string): SessionError {
  return new SessionError('ERR_STORE_UNAVAILABLE', verb, why)
}

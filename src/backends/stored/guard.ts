/** Every call of a store: within its deadline, bounded in number, and safely tried once more. */

import { because, SessionError } from '../../base/errors.ts'
import type { Random, Timer } from '../../base/ports.ts'
import { withoutPasswords } from '../../base/redact.ts'
import type { StoreVerbs } from './store.ts'

/** How long to wait for a store, in milliseconds. */
export interface Deadlines {
  /** One read. */
  read: number
  /** One write. */
  write: number
  /** Waiting for other requests' changes of a session, and trying again when they were faster. */
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

/** A call nobody waits for any more still counts, since its client holds it; so long at most. */
const LOST_AFTER = 30_000

/** One step of what is done now and then to a whole store may take this long. */
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

  /** Calls once. The store's own answer after the deadline goes unheard. */
  function within<Answer>(
    verb: string,
    limit: number,
    act: (isOver: () => boolean) => Promise<Answer>,
    sent?: unknown,
  ) {
    return new Promise<Answer>((resolve, reject) => {
      if (calls >= MAX_CALLS) {
        reject(unavailable(verb, `${MAX_CALLS} calls are under way already`))
        return
      }
      calls += 1
      let isOver = false
      let forget = () => {}
      let free = () => {
        free = () => {}
        calls -= 1
        forget()
      }
      const cancel = timer(() => {
        isOver = true
        forget = background(() => free(), LOST_AFTER)
        reject(tooLate(verb, limit))
      }, limit)
      const done = (settle: () => void) => {
        cancel()
        free()
        settle()
      }
      const fail = (error: unknown) => done(() => reject(refusal(verb, error, sent)))
      try {
        act(() => isOver).then((answer) => done(() => resolve(answer)), fail)
      } catch (error) {
        fail(error)
      }
    })
  }

  /**
   * Calls, and once more if that failed: after a moment, so that a connection can come back.
   *
   * All of it takes no longer than keeping a request's work may take.
   */
  function twice<Answer>(verb: string, limit: number, act: () => Promise<Answer>, sent?: unknown) {
    const { commit } = deadlines
    return new Promise<Answer>((resolve, reject) => {
      const cancel = timer(() => reject(tooLate(verb, commit)), commit)
      void tryTwice(verb, limit, act, sent).finally(cancel).then(resolve, reject)
    })
  }

  async function tryTwice<Answer>(
    verb: string,
    limit: number,
    act: () => Promise<Answer>,
    sent?: unknown,
  ) {
    try {
      return await within(verb, limit, act, sent)
    } catch (error) {
      if (!isUnknown(error)) throw error
      await pause(timer, 5 + (random(1)[0]! / 255) * 45)
      return within(verb, limit, act, sent)
    }
  }

  /** A read that failed at once is worth another, within the same deadline. */
  async function readTwice(key: string, isOver: () => boolean) {
    try {
      return await store.read(key)
    } catch (error) {
      if (error instanceof SessionError || isOver()) throw error
      await pause(timer, 5 + (random(1)[0]! / 255) * 15)
      if (isOver()) throw error
      return store.read(key)
    }
  }

  async function* keys() {
    const batches = store.keys()[Symbol.asyncIterator]()
    for (;;) {
      const batch = await within('list its keys', UPKEEP, () => batches.next())
      if (batch.done) return
      yield batch.value
    }
  }

  const { read, write } = deadlines
  return {
    read: (key) => within('read', read, (isOver) => readTwice(key, isOver)),
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

/** Lets some milliseconds pass. */
export function pause(timer: Timer, delay: number): Promise<void> {
  return new Promise((resolve) => void timer(resolve, delay))
}

/** Whether the call may have been executed after all. */
export function isUnknown(error: unknown): boolean {
  return error instanceof SessionError && error.code === 'ERR_STORE_UNAVAILABLE'
}

function refusal(verb: string, error: unknown, sent: unknown): unknown {
  if (error instanceof SessionError) return error
  return because(unavailable(verb, 'it answered with an error'), bareCause(error, sent))
}

/** A client's error without what it hangs on it, such as the command with the whole session. */
function bareCause(error: unknown, sent: unknown): unknown {
  if (!(error instanceof Error)) return undefined
  const message = showable(error.message, sent)
  const frames = error.stack?.split('\n').filter((line) => /^ +at /.test(line)) ?? []
  const bare = Object.assign(new Error(message), { name: error.name })
  bare.stack = [`${error.name}: ${message}`, ...frames].join('\n')
  const code = 'code' in error ? error.code : undefined
  return typeof code === 'string' || typeof code === 'number' ? Object.assign(bare, { code }) : bare
}

/** A longer message is a quotation. */
const LONGEST_MESSAGE = 500

/** A client's message without the password of its address, and not at all where it quotes the row. */
function showable(message: string, sent: unknown): string {
  const text = message.slice(0, LONGEST_MESSAGE)
  // In an outage every call fails: the search has a bound.
  const quoted = JSON.stringify(sent ?? null).slice(0, 65_536)
  const plain = JSON.stringify(text).slice(1, -1)
  for (let at = 0; at + 12 <= plain.length; at += 4) {
    if (quoted.includes(plain.slice(at, at + 12))) {
      return 'Its message is not shown: it quotes what was to be kept.'
    }
  }
  return withoutPasswords(text)
}

function tooLate(verb: string, limit: number): SessionError {
  return unavailable(verb, `there was no answer within ${limit} ms`)
}

function unavailable(verb: string, why: string): SessionError {
  return new SessionError('ERR_STORE_UNAVAILABLE', verb, why)
}

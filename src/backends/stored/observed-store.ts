/** Publishes each call of a store on its diagnostics channels, if anybody subscribes. */

import { isObserved, observed, STORE_CALLS } from '../../base/channels.ts'
import type { SessionErrorCode } from '../../base/errors.ts'
import type { StoreVerbs, Swap } from './store.ts'

/**
 * A message of the channels `sojourn:store:start` and `sojourn:store:end`: the same object at both. It
 * holds no key, owner or row. A call that the client never settles has no end.
 */
export interface StoreCallMessage {
  /** The engine's name, such as `SQLite`. */
  readonly engine: string
  /** Which of the store's verbs was called, such as `read` or `swap`. */
  readonly verb: Exclude<keyof StoreVerbs, 'engine' | 'pool' | 'subscribe' | 'sharedRead'>
  /** How long the client took, in milliseconds, past the deadline if need be. From the end on. */
  duration?: number
  /** `lost`: the compare-and-swap failed, since a concurrent request has changed the session. */
  outcome?: 'done' | 'lost' | 'failed'
  /** `UNKNOWN` for an error of the client. */
  code?: SessionErrorCode | 'UNKNOWN'
}

/** The verbs that return one promise. */
type Verb = Exclude<StoreCallMessage['verb'], 'keys'>

/**
 * The store, with messages around each call. Retries are calls of their own; waiting for a turn, and
 * the deadline, are not in their duration.
 */
export function observedStore(store: StoreVerbs): StoreVerbs {
  const { engine } = store

  function call<Answer>(verb: StoreCallMessage['verb'], act: () => Promise<Answer>) {
    const message: StoreCallMessage = { engine, verb }
    // What is no promise, as of a client that takes callbacks, is left to the guard.
    const calling = async () => act()
    return observed(STORE_CALLS, message, calling, (answer) => ({
      outcome: verb === 'swap' && (answer as Swap | undefined)?.won === false ? 'lost' : 'done',
    })) as Promise<Answer>
  }

  function observedVerb<Name extends Verb>(name: Name): StoreVerbs[Name] {
    const verbs = store as unknown as Record<Verb, (...args: unknown[]) => Promise<never>>
    const later = (args: unknown[]) => call(name, () => verbs[name](...args))
    return (...args: unknown[]) => (isObserved(STORE_CALLS) ? later(args) : verbs[name](...args))
  }

  async function* keys() {
    const batches = store.keys()[Symbol.asyncIterator]()
    let isDone: boolean | undefined
    try {
      for (;;) {
        const next = () => batches.next()
        const batch = await (isObserved(STORE_CALLS) ? call('keys', next) : next())
        isDone = batch.done ?? false
        if (batch.done) return
        yield batch.value
      }
    } finally {
      // The caller stops half-way: a store of the user's own may have a cursor to close.
      if (isDone === false) await batches.return?.()
    }
  }

  const read = observedVerb('read')
  return {
    ...store,
    read,
    get sharedRead() {
      return store.sharedRead === store.read ? read : undefined
    },
    insert: observedVerb('insert'),
    swap: observedVerb('swap'),
    touch: observedVerb('touch'),
    remove: observedVerb('remove'),
    epoch: observedVerb('epoch'),
    admit: observedVerb('admit'),
    keep: observedVerb('keep'),
    list: observedVerb('list'),
    revoke: observedVerb('revoke'),
    forget: observedVerb('forget'),
    erase: observedVerb('erase'),
    keys,
    prune: observedVerb('prune'),
    check: observedVerb('check'),
    ...(store.readMany && { readMany: observedVerb('readMany') }),
  }
}

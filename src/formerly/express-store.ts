/** Makes a `ForeignStore` of express-session's stores: connect-redis, connect-pg-simple, MemoryStore. */

import type { ForeignEntry, ForeignStore, ForeignWrite } from '../backends/foreign/foreign-store.ts'
import type { Clock } from '../base/ports.ts'
import { isDate } from '../base/realm.ts'

/** A callback with the error, or with the data of a session. */
export type Got = (error?: any, data?: any) => void

/** A store of express-session: the methods that are called here. */
export interface LegacyStore {
  /** Reads the data of a session; nothing if there is none. */
  get(id: string, done: Got): unknown
  /** Saves the data of a session. */
  set(id: string, data: any, done?: (error?: any) => void): unknown
  /** Ends a session. */
  destroy(id: string, done?: (error?: any) => void): unknown
  /** Extends a session without a change. */
  touch?(id: string, data: any, done?: any): unknown
}

/**
 * Makes the adapter.
 *
 * Such a store has no compare-and-swap. The backend therefore reads a session again before it writes,
 * for one request at a time. Within this process that saves the changes of concurrent requests to
 * different keys, and nothing is written after a logout. A write of another process between that read
 * and our write is lost. With express-session every write of another request is lost that happens at
 * any time during a request.
 */
export function expressStore(store: LegacyStore, clock: Clock): ForeignStore {
  /** The keys under which the store has returned a Date. */
  const datesOf = new WeakMap<ForeignEntry, readonly string[]>()

  return {
    engine: storeName(store),
    async read(id) {
      const found = await called((done) => store.get(id, done)).catch(noFile)
      if (found === undefined || found === null) return undefined
      // express-session would fail on a row without it, at every request of this visitor.
      const { cookie } = found as { cookie?: unknown }
      if (typeof cookie !== 'object' || cookie === null) return 'corrupt'
      // The entry gets no expiry: `cookie.expires` of a row is as of its last write, and `touch`
      // may not have changed it. The store itself returns no session that has expired.
      const entry = { text: JSON.stringify(found) }
      const dates = Object.entries(found).filter(([, value]) => isDate(value))
      if (dates.length > 0)
        datesOf.set(
          entry,
          dates.map(([key]) => key),
        )
      return entry
    },
    insert: (id, entry) => write(id, entry),
    async replace(id, entry) {
      await write(id, entry)
      return true
    },
    ...(typeof store.touch === 'function' && {
      async touch(id: string, entry: ForeignWrite, before: ForeignEntry) {
        const row = rowOf(entry) as Record<string, unknown>
        // connect-mongo with `touchAfter` expects its own `lastModified` to be a Date.
        for (const key of datesOf.get(before) ?? []) {
          if (typeof row[key] === 'string') row[key] = new Date(row[key])
        }
        await called((done) => store.touch!(id, row, done))
      },
    }),
    async remove(id) {
      await called((done) => store.destroy(id, done))
    },
  }

  async function write(id: string, entry: ForeignWrite): Promise<void> {
    await called((done) => store.set(id, rowOf(entry), done))
  }

  /** The row as express-session passes it to a store: `cookie` has a Date, and a `maxAge`. */
  function rowOf({ text }: ForeignWrite): object {
    const row = JSON.parse(text) as { cookie: { expires?: string | Date | null } }
    const { expires } = row.cookie
    if (typeof expires === 'string') row.cookie.expires = new Date(expires)
    const maxAge = typeof expires === 'string' ? new Date(expires).valueOf() - clock() : null
    // Not enumerable, like the getter of express-session's class: stores must not save it.
    Object.defineProperty(row.cookie, 'maxAge', { value: maxAge })
    return row
  }
}

/** As in express-session: a store in files reports a missing session by the error ENOENT. */
function noFile(error: unknown): undefined {
  if ((error as { code?: unknown } | null)?.code !== 'ENOENT') throw error
}

/** The promise of a call with a callback. */
function called(call: (done: (error?: unknown, result?: unknown) => void) => unknown) {
  return new Promise<unknown>((resolve, reject) => {
    const returned = call((error, result) => (error ? reject(error as Error) : resolve(result)))
    // Some stores return a promise as well. An unhandled rejection of it would end the process.
    if (returned instanceof Promise) returned.catch(reject)
  })
}

/** The name of the store's class. */
export function storeName(store: object): string {
  const name = store.constructor?.name
  return name && name !== 'Object' ? name : 'a store of express-session'
}

/** A store of express-session (connect-redis, connect-pg-simple, MemoryStore) as a foreign store. */

import type { ForeignEntry, ForeignStore, ForeignWrite } from '../backends/foreign/foreign-store.ts'
import type { Clock } from '../base/ports.ts'

/** Called with the error, or with the data of a session. */
export type Got = (error?: any, data?: any) => void

/** A store of express-session, as far as it is used. */
export interface LegacyStore {
  get(id: string, done: Got): unknown
  set(id: string, data: any, done?: (error?: any) => void): unknown
  destroy(id: string, done?: (error?: any) => void): unknown
  touch?(id: string, data: any, done?: any): unknown
}

/** The attributes of a cookie as express-session writes them to a row. */
export interface RowCookie {
  originalMaxAge: number | null
  expires?: string | null
  [attribute: string]: unknown
}

/**
 * Makes the adapter.
 *
 * What it cannot promise: such a store has no compare-and-swap. Within this process the writes of one
 * session wait for each other, and each reads the row again before it replaces it: changes of
 * parallel requests to different keys both win, and nothing is written after a logout. A write of
 * another process in the moment between that read and the write is lost, as it is with
 * express-session for the whole time of a request.
 *
 * @param cookie the attributes of a session that has none of its own
 */
export function expressStore(store: LegacyStore, cookie: RowCookie, clock: Clock): ForeignStore {
  const queues = new Map<string, Promise<unknown>>()

  /** Runs one call at a time for each session. */
  function alone<Result>(id: string, run: () => Promise<Result>): Promise<Result> {
    const before = queues.get(id)
    const running = before ? before.then(run, run) : run()
    queues.set(id, running)
    const done = () => void (queues.get(id) === running && queues.delete(id))
    running.then(done, done)
    return running
  }

  const read = async (id: string): Promise<ForeignEntry | 'corrupt' | undefined> => {
    const found = await called<unknown>((done) => store.get(id, done)).catch((error: unknown) => {
      // As express-session: a store of files says so that there is none.
      if ((error as { code?: unknown } | null)?.code === 'ENOENT') return undefined
      throw error
    })
    if (found === undefined || found === null) return undefined
    if (typeof found !== 'object') return 'corrupt'
    const text = JSON.stringify(found)
    return { text, expiresAt: expiryOf(found as { cookie?: Partial<RowCookie> }), version: text }
  }

  const rowOf = ({ text }: ForeignWrite): object => {
    const { cookie: own, ...data } = JSON.parse(text) as { cookie?: Partial<RowCookie> }
    const attributes = { ...cookie, ...own }
    const { originalMaxAge } = attributes
    // Stores compute with a Date or a text.
    const expires =
      typeof originalMaxAge === 'number'
        ? new Date(clock() + originalMaxAge).toISOString()
        : originalMaxAge
    return { cookie: { ...attributes, expires: expires ?? null }, ...data }
  }

  const write = (id: string, entry: ForeignWrite) =>
    called<void>((done) => store.set(id, rowOf(entry), done))

  return {
    engine: nameOf(store),
    read,
    insert: (id, entry) => alone(id, () => write(id, entry)),
    replace: (id, entry, before) =>
      alone(id, async () => {
        const now = await read(id)
        if (now === undefined || now === 'corrupt') return false
        if (dataText(now.text) !== dataText(before.text)) return false
        await write(id, entry)
        return true
      }),
    ...(typeof store.touch === 'function' && {
      touch: (id: string, entry: ForeignWrite) =>
        alone(id, () => called<void>((done) => store.touch!(id, rowOf(entry), done))),
    }),
    remove: (id) => alone(id, () => called<void>((done) => store.destroy(id, done))),
  }
}

/** The text without the time of the last visit, which a touch changes. */
function dataText(text: string): string {
  const { cookie, ...data } = JSON.parse(text) as { cookie?: Partial<RowCookie> }
  return JSON.stringify([{ ...cookie, expires: undefined }, data])
}

function expiryOf({ cookie }: { cookie?: Partial<RowCookie> | undefined }): number | undefined {
  const { expires } = cookie ?? {}
  if (expires === undefined || expires === null) return undefined
  const at = new Date(expires).valueOf()
  return Number.isNaN(at) ? undefined : at
}

/** The promise of a call with a callback; some stores return a promise as well, which then counts. */
function called<Result>(call: (done: (error?: unknown, result?: Result) => void) => unknown) {
  return new Promise<Result>((resolve, reject) => {
    const returned = call((error, result) => (error ? reject(error as Error) : resolve(result as Result)))
    // Its failure would otherwise be an unhandled rejection, which ends the process.
    if (returned instanceof Promise) returned.catch(reject)
  })
}

function nameOf(store: object): string {
  const name = store.constructor?.name
  return name && name !== 'Object' ? name : 'a store of express-session'
}

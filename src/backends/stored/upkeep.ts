/** Works on a whole store, a little at a time, so that requests are served meanwhile. */

import type { GuardedStore } from './commit-work.ts'

/** So many rows are deleted at a time. */
const BATCH = 500

/** So many rows are removed at once. */
const AT_ONCE = 16

/** Removes every row; answers how many there were. @throws ERR_STORE_UNAVAILABLE */
export async function removeAll(store: Pick<GuardedStore, 'keys' | 'remove'>): Promise<number> {
  let count = 0
  for await (const keys of store.keys()) {
    for (let at = 0; at < keys.length; at += AT_ONCE) {
      const part = keys.slice(at, at + AT_ONCE)
      const removed = await Promise.all(part.map((key) => store.remove(key)))
      count += removed.filter(Boolean).length
    }
  }
  return count
}

/** Deletes what is over, batch after batch; answers how many. @throws ERR_STORE_UNAVAILABLE */
export async function pruneAll(store: Pick<GuardedStore, 'prune'>): Promise<number> {
  let count = 0
  for (let deleted = BATCH; deleted >= BATCH;) {
    deleted = await store.prune(BATCH)
    count += deleted
    await new Promise<void>((next) => setTimeout(next))
  }
  return count
}

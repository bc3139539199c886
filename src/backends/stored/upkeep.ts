/** Work on many rows in small parts, so that requests are served meanwhile. */

import type { EndCause } from '../store-backend.ts'
import type { WatchedStore } from './commit-work.ts'

/** Rows that one prune deletes at most. */
const BATCH = 500

/** Rows that are read or removed concurrently. */
const AT_ONCE = 16

/** Removes every row; returns how many there were. @throws ERR_STORE_UNAVAILABLE */
export async function removeAll(
  store: Pick<WatchedStore, 'keys' | 'remove'>,
  signal?: AbortSignal,
): Promise<number> {
  let count = 0
  for await (const keys of store.keys()) {
    signal?.throwIfAborted()
    count += (await removeEach(store, keys, 'revoked')).length
  }
  return count
}

/** Removes the rows of these keys; returns those that had one. */
export async function removeEach(
  store: Pick<WatchedStore, 'remove'>,
  keys: readonly string[],
  why: EndCause,
) {
  const removed: string[] = []
  await eachInParts(keys, async (key) => {
    if (await store.remove(key, why)) removed.push(key)
  })
  return removed
}

/** Deletes expired rows, batch after batch; returns how many. @throws ERR_STORE_UNAVAILABLE */
export async function pruneAll(
  store: Pick<WatchedStore, 'prune'>,
  signal?: AbortSignal,
): Promise<number> {
  let count = 0
  for (let deleted = BATCH; deleted >= BATCH;) {
    signal?.throwIfAborted()
    deleted = await store.prune(BATCH)
    count += deleted
    await new Promise<void>((next) => setTimeout(next))
  }
  return count
}

/** Calls `act` on each key, a few at a time. */
export async function eachInParts(keys: readonly string[], act: (key: string) => Promise<void>) {
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    await Promise.all(keys.slice(at, at + AT_ONCE).map(act))
  }
}

/** The rows of one user: tells live sessions from those that are over, and removes rows. */

import type { Clock } from '../../base/ports.ts'
import type { Ended } from '../../record/lifetime.ts'
import type { SessionRules } from './commit-work.ts'
import { decodeEntry, entryEnded, type RowAndEntry } from './entry.ts'
import type { GuardedStore } from './commit-work.ts'

/** A touch that is still under way may move an end that lies this far back, in milliseconds. */
const LATE_TOUCH = 60_000

/** So many rows are read, or removed, at a time. */
const AT_ONCE = 16

/** Makes both for one store. */
export function userRows(store: GuardedStore, rules: SessionRules, clock: Clock) {
  /**
   * The owner's live sessions, the keys of those that are over, and of those that cannot be read
   * here, as under a secret that was dropped.
   */
  async function sortRows(owner: string, keys: readonly string[]) {
    const live = new Map<string, RowAndEntry>()
    const dead: string[] = []
    const hidden: string[] = []
    const now = clock()
    await inParts(keys, async (key) => {
      const row = await store.read(key)
      if (!row) return void dead.push(key)
      // The answer may be the wrong one: another's row says nothing of this key.
      if (row.owner !== owner) return
      const entry = decodeEntry(key, row, rules)
      // One that ended just now is not dead yet: a visit's touch may be on its way.
      const isOver = (at: number) =>
        entry ? isEnded(entryEnded(row, entry, rules, at)) : row.expiresAt < at
      if (isOver(now - LATE_TOUCH)) dead.push(key)
      else if (!entry) hidden.push(key)
      else if (!isOver(now)) live.set(key, { row, entry })
    })
    return { live, dead, hidden: keys.filter((key) => hidden.includes(key)) }
  }

  /** Removes rows, then forgets their keys: interrupted, it is simply done again. */
  async function discard(owner: string, keys: readonly string[]): Promise<number> {
    let count = 0
    await inParts(keys, async (key) => {
      if (await store.remove(key)) count += 1
    })
    if (keys.length > 0) await store.forget(owner, keys)
    return count
  }

  return { sortRows, discard }
}

/** What begins in the future, by this server's clock, is not over. */
function isEnded(ended: Ended | undefined): boolean {
  return ended !== undefined && ended !== 'future'
}

/** Does something to each key, a few at a time. */
async function inParts(keys: readonly string[], act: (key: string) => Promise<void>) {
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    await Promise.all(keys.slice(at, at + AT_ONCE).map(act))
  }
}

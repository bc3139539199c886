/** Bounds the flash messages that wait for the visitor's next page: the oldest are dropped first. */

import { SessionError } from '../base/errors.ts'
import type { Change } from './changes.ts'
import { type Layout, type SessionRecord, setMeta, waitingItems } from './record.ts'

/** At most this many messages wait, and this many characters of their encoded text. */
const MOST_MESSAGES = 64
const MOST_CHARACTERS = 16_384

/** A record whose messages fit, what `write` returned for it, and how many messages were dropped. */
export interface Fitted<Result> {
  record: SessionRecord
  result: Result
  dropped: number
}

/**
 * Calls `write` with a record. If that is too large, or the request has added too many messages, then
 * with as many of the newest messages as fit: what nobody has read must not stop a login.
 *
 * @throws what `write` throws if it is not that the record is too large, or if it is too large even
 * without messages
 */
export function withMessagesThatFit<Result>(
  record: SessionRecord,
  layout: Layout,
  changes: readonly Change[],
  write: (record: SessionRecord) => Result,
): Fitted<Result> {
  if (!record.meta.has(layout.names.flashes)) return { record, result: write(record), dropped: 0 }
  const items = waitingItems(record, layout)
  // What another writer has left is bounded when a request adds to it.
  const adds = changes.some((change) => change.do === 'flash')
  const most = adds ? withinBounds(items, layout) : items.length

  function keeping(count: number): Fitted<Result> {
    const kept = count === items.length ? record : layout.copy(record)
    const newest = count > 0 ? items.slice(-count) : undefined
    if (kept !== record) setMeta(kept, layout.names.flashes, newest, layout)
    return { record: kept, result: write(kept), dropped: items.length - count }
  }

  try {
    return keeping(most)
  } catch (error) {
    if (most === 0 || !isTooLarge(error)) throw error
    return halving(keeping, most - 1, error)
  }
}

/** Finds the highest count up to `most` that fits, by halving. */
function halving<Result>(
  keeping: (count: number) => Fitted<Result>,
  most: number,
  tooLarge: SessionError,
): Fitted<Result> {
  const attempt = (count: number) => {
    try {
      return keeping(count)
    } catch (error) {
      if (!isTooLarge(error)) throw error
      return undefined
    }
  }
  let best = attempt(0)
  if (!best) throw tooLarge
  let low = 0
  let high = most
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const fitted = attempt(middle)
    if (fitted) [best, low] = [fitted, middle]
    else high = middle - 1
  }
  return best
}

/** How many of the newest messages are within the bounds. The newest one always is. */
function withinBounds(items: readonly unknown[], { codec, names }: Layout): number {
  let characters = 0
  let count = 0
  for (const item of items.slice(-MOST_MESSAGES).toReversed()) {
    characters += codec.encode(item, names.flashes).length + 1
    if (characters > MOST_CHARACTERS && count > 0) break
    count += 1
  }
  return count
}

function isTooLarge(error: unknown): error is SessionError {
  return (
    error instanceof SessionError &&
    (error.code === 'ERR_COOKIE_TOO_LARGE' || error.code === 'ERR_SESSION_TOO_LARGE')
  )
}

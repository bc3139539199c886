/** Plans one request's work on the newest row. Pure: planned again after a lost swap. */

import { sizesOf, tooLarge } from '../../record/too-large.ts'
import { isSoft, overwrittenKeys } from '../../record/changes.ts'
import { replay } from '../../record/replay.ts'
import { newRecord, type SessionRecord, userIdOf } from '../../record/record.ts'
import { withMessagesThatFit } from '../../record/waiting.ts'
import type { CommitWork, SessionRules } from './commit-work.ts'
import { type Entry, entryEnded, idleSeconds, isDue, type RowAndEntry } from './entry.ts'
import { idAfter, idAfterLogin } from './plan-id.ts'

/** The outcome of a request's work. */
export type Plan =
  /** Save this entry. It is the same object as before if there is nothing to write. */
  | {
      do: 'keep'
      entry: Entry
      issue: string | undefined
      overwrote: readonly string[]
      /** How many flash messages did not fit. */
      dropped: number
    }
  /** A login that needs a new session. `leaves`: the session of its cookie has to be removed. */
  | { do: 'move'; record: SessionRecord; leaves: boolean }
  /** The session has ended, and the request had no changes. */
  | { do: 'drop' }
  /** The session has ended, and the request's changes are lost: the app gets an error. */
  | { do: 'gone' }
  /** An updater threw on the newest value, or the record is too large. */
  | { do: 'fail'; error: unknown }

/** Plans a request's work on the newest row; `newest` is `undefined` where there is none. */
export function planOn(
  newest: RowAndEntry | undefined,
  work: CommitWork,
  rules: SessionRules,
  now: number,
): Plan {
  try {
    if (!newest || entryEnded(newest.row, newest.entry, rules, now))
      return planOnNothing(undefined, work, rules)
    // There was a login in between. Work from before it must not be applied to the session after it,
    // which may be another user's. So a batch effectively ends at a login.
    if (newest.entry.auth !== work.auth) return planOnNothing(newest.entry.record, work, rules)
    return planOnEntry(newest, work, rules, now)
  } catch (error) {
    return { do: 'fail', error }
  }
}

/** The session that the request opened has ended; `other` is the record in its place, if any. */
function planOnNothing(
  other: SessionRecord | undefined,
  { changes }: CommitWork,
  { layout }: SessionRules,
): Plan {
  const at = changes.findIndex((change) => change.do === 'login')
  const login = changes[at]
  if (login?.do === 'login') {
    // The second request of a double-clicked login preserves the cart, which the first one has moved.
    const base =
      other && userIdOf(other, layout) === login.userId ? other : newRecord(layout, login.at)
    const record = replay(base, changes.slice(at), layout)
    return { do: 'move', record, leaves: false }
  }
  return changes.every(isSoft) ? { do: 'drop' } : { do: 'gone' }
}

function planOnEntry(
  { row, entry }: RowAndEntry,
  work: CommitWork,
  rules: SessionRules,
  now: number,
): Plan {
  const { layout, lifetime } = rules
  const { changes } = work
  const record = changes.length > 0 ? replay(entry.record, changes, layout) : entry.record
  const user = userIdOf(entry.record, layout)
  if (user !== undefined && userIdOf(record, layout) !== user) {
    return { do: 'move', record, leaves: true }
  }
  const isLogin = changes.some((change) => change.do === 'login')
  const id = isLogin
    ? idAfterLogin(entry, work, rules, now)
    : idAfter({ row, entry, record }, work, rules, now)
  const renews = entry.lowered !== undefined && isDue({ row, entry }, rules, now)
  const writes =
    renews || id.entry !== entry || changes.some((change) => change.do !== 'regenerate')
  if (!writes) return { do: 'keep', entry, issue: undefined, overwrote: [], dropped: 0 }
  const fitted = withMessagesThatFit(record, layout, changes, (fit) => {
    // The id is renewed even if the record is too large because `maxBytes` was lowered.
    if (changes.length > 0) checkSize(fit, rules)
  })
  const idle = idleSeconds(record, layout, lifetime)
  const kept: Entry = { ...id.entry, record: fitted.record, idle }
  const isLowered = entry.lowered !== undefined || idle < entry.idle
  return {
    do: 'keep',
    entry: isLowered ? { ...kept, lowered: Math.floor(now / 1000) } : kept,
    issue: id.issue,
    overwrote: overwrittenKeys(entry.record, changes),
    dropped: fitted.dropped,
  }
}

/** @throws ERR_SESSION_TOO_LARGE */
export function checkSize(record: SessionRecord, { layout, maxBytes: most }: SessionRules): void {
  // A UTF-16 code unit takes at most three bytes in UTF-8, six if it is escaped in a key. So most
  // records need not be counted.
  let units = 20
  for (const [key, { text }] of record.data) units += 2 * key.length + text.length + 2
  for (const [key, { text }] of record.meta) units += key.length + text.length + 2
  if (units * 3 <= most) return
  const size = Buffer.byteLength(layout.encode(record))
  if (size > most) throw tooLarge('ERR_SESSION_TOO_LARGE', size, most, sizesOf(record, layout))
}

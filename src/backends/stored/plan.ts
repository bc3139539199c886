/** What one request's changes make of the newest entry: pure, so that it can be asked again. */

import { SessionError } from '../../base/errors.ts'
import { type Change, isSoft, newRecord, overwrittenKeys, replay } from '../../record/changes.ts'
import { cookieLifetime, type Lifetime } from '../../record/lifetime.ts'
import { isPermanent, type SessionRecord, userIdOf } from '../../record/record.ts'
import {
  type Entry,
  type EntryFormat,
  entryEnded,
  idleSeconds,
  type PreviousId,
  timesOf,
} from './entry.ts'
import type { Row } from './store.ts'

/** What is decided once, at start-up. All in milliseconds. */
export interface StoredRules extends EntryFormat {
  lifetime: Lifetime
  /** Give a session a new id this long after the last one. */
  rotate: number | undefined
  /** How long a renewed id still opens once the new one was shown. */
  grace: number
}

/** One request's work on the session it opened. */
export interface CommitWork {
  readonly selector: string
  /** The hash of the verifier it came with, and what the browser holds of it. */
  readonly hash: string
  readonly verifier: string
  /** The auth number it opened under. */
  readonly auth: number
  readonly changes: readonly Change[]
  /** Whether its id or its row were written under an old secret, or its row before `encrypt`. */
  readonly isOutdated: boolean
  /** The verifier a renewal gives, and its hash; the same each time within one request. */
  renewal(): { verifier: string; hash: string }
}

/** What becomes of it. */
export type Plan =
  /** It is in the entry. The same entry as before if there is nothing to write. */
  | { do: 'keep'; entry: Entry; issue: string | undefined; overwrote: readonly string[] }
  /** A login that needs a session of its own; `leaves` the one it came with. */
  | { do: 'move'; record: SessionRecord; leaves: boolean }
  /** The session is over, and nothing is lost by that. */
  | { do: 'drop' }
  /** The session is over, and something is. */
  | { do: 'gone' }
  | { do: 'fail'; error: unknown }

/** What a store takes, less what stands before a record. Encrypted, three bytes become four. */
function mostBytes({ cipher }: StoredRules): number {
  return cipher ? 786_000 : 1_048_000
}

/** What a request's work comes to on the newest row; `undefined` where there is none. */
export function planOn(
  newest: { row: Row; entry: Entry } | undefined,
  work: CommitWork,
  rules: StoredRules,
  now: number,
): Plan {
  try {
    if (!newest || entryEnded(newest.row, newest.entry, rules, now))
      return planOnNothing(undefined, work, rules)
    // Another login has come between: what was done before it must not reach what came after.
    if (newest.entry.auth !== work.auth) return planOnNothing(newest.entry.record, work, rules)
    return planOnEntry(newest, work, rules, now)
  } catch (error) {
    return { do: 'fail', error }
  }
}

/** The session the request opened is no more; `other` is the record that has its place, if any. */
function planOnNothing(
  other: SessionRecord | undefined,
  { changes }: CommitWork,
  { layout }: StoredRules,
): Plan {
  const at = changes.findIndex((change) => change.do === 'login')
  const login = changes[at]
  if (login?.do === 'login') {
    // A double-clicked login keeps the cart: the other one brought it along already.
    const base =
      other && userIdOf(other, layout) === login.userId ? other : newRecord(layout, login.at)
    const record = replay(base, changes.slice(at), layout)
    return { do: 'move', record, leaves: false }
  }
  return changes.every(isSoft) ? { do: 'drop' } : { do: 'gone' }
}

function planOnEntry(
  { row, entry }: { row: Row; entry: Entry },
  work: CommitWork,
  rules: StoredRules,
  now: number,
): Plan {
  const { layout, lifetime } = rules
  const { changes } = work
  const record = replay(entry.record, changes, layout)
  const user = userIdOf(entry.record, layout)
  if (user !== undefined && userIdOf(record, layout) !== user) {
    return { do: 'move', record, leaves: true }
  }
  const isLogin = changes.some((change) => change.do === 'login')
  const id = isLogin
    ? loggedIn(entry, work, now)
    : idAfter({ row, entry, record }, work, rules, now)
  const writes = id.entry !== entry || changes.some((change) => change.do !== 'regenerate')
  if (!writes) return { do: 'keep', entry, issue: undefined, overwrote: [] }
  const next = { ...id.entry, record, idle: idleSeconds(record, layout, lifetime) }
  checkSize(record, rules)
  return {
    do: 'keep',
    entry: next,
    issue: id.issue,
    overwrote: overwrittenKeys(entry.record, changes),
  }
}

/** A login makes the old id nobody at once: there is no grace across it. */
function loggedIn(entry: Entry, { renewal }: CommitWork, now: number) {
  const { verifier, hash } = renewal()
  const issued = Math.floor(now / 1000)
  const next: Entry = {
    ...entry,
    verifier: hash,
    auth: entry.auth + 1,
    issued,
    previous: undefined,
  }
  return { entry: next, issue: verifier as string | undefined }
}

/** The id after this request: renewed, sent again, or as it was. The same entry for the last. */
function idAfter(
  { row, entry, record }: { row: Row; entry: Entry; record: SessionRecord },
  work: CommitWork,
  rules: StoredRules,
  now: number,
): { entry: Entry; issue: string | undefined } {
  const isCurrent = entry.verifier === work.hash
  const asked = work.changes.some((change) => change.do === 'regenerate')
  const stale = isStale({ row, entry }, rules, now)
  const rewrites = stale || changesPermanence(entry, record, rules)
  // Where ids rotate, one that is sent again is renewed at once; and so is one whose renewal the
  // browser never got, since the id it has cannot be sent again.
  const renewsToRewrite = isCurrent
    ? rewrites && rules.rotate !== undefined
    : rewrites || work.isOutdated
  const renews = asked || isDueForRotation(entry, rules, now) || renewsToRewrite
  const issued = Math.floor(now / 1000)
  if (renews && mayRenew(entry, work, rules, now)) {
    const { verifier, hash } = work.renewal()
    const previous: PreviousId = { verifier: work.hash, replacedAt: undefined }
    return { entry: { ...entry, verifier: hash, issued, previous }, issue: verifier }
  }
  if (!isCurrent) return { entry, issue: undefined }
  const previous = previousAfter(entry.previous, rules, now)
  if (rewrites) return { entry: { ...entry, issued, previous }, issue: work.verifier }
  // The same id under another secret: that is no reason to count its time anew.
  if (work.isOutdated) return { entry: { ...entry, previous }, issue: work.verifier }
  const shown = entry.previous !== undefined && entry.previous.replacedAt === undefined
  return { entry: shown ? { ...entry, previous } : entry, issue: undefined }
}

/**
 * Whether this request may renew the id: while it came with the current one.
 *
 * Or with the one before, where the renewal never reached the browser; otherwise the browser would
 * be left with an id that nothing renews any more.
 */
function mayRenew(
  entry: Entry,
  { hash }: CommitWork,
  { grace }: StoredRules,
  now: number,
): boolean {
  if (entry.verifier === hash) return true
  const { previous } = entry
  if (previous?.verifier !== hash || previous.replacedAt !== undefined) return false
  return now - entry.issued * 1000 > grace
}

function previousAfter(
  previous: PreviousId | undefined,
  { grace }: StoredRules,
  now: number,
): PreviousId | undefined {
  if (previous?.replacedAt === undefined) return previous && { ...previous, replacedAt: now }
  return previous.replacedAt + grace < now ? undefined : previous
}

function changesPermanence({ record }: Entry, next: SessionRecord, { layout }: StoredRules) {
  return isPermanent(record, layout) !== isPermanent(next, layout)
}

/** Whether the browser has spent half of the Max-Age that was sent to it. */
function isStale(
  { row, entry }: { row: Row; entry: Entry },
  { layout, lifetime }: StoredRules,
  now: number,
): boolean {
  const keepFor = cookieLifetime(lifetime, timesOf(row, entry, layout, now), entry.issued * 1000)
  return keepFor !== undefined && now - entry.issued * 1000 >= keepFor / 2
}

function isDueForRotation({ issued }: Entry, { rotate }: StoredRules, now: number): boolean {
  return rotate !== undefined && now - issued * 1000 >= rotate
}

/** Whether a request that changed nothing has something to write all the same: for its id. */
export function hasIdWork(
  newest: { row: Row; entry: Entry },
  work: CommitWork,
  rules: StoredRules,
  now: number,
): boolean {
  const { entry } = newest
  return idAfter({ ...newest, record: entry.record }, work, rules, now).entry !== entry
}

/** @throws ERR_SESSION_TOO_LARGE */
export function checkSize(record: SessionRecord, rules: StoredRules): void {
  const { layout } = rules
  const most = mostBytes(rules)
  // UTF-8 spends at most three bytes on a UTF-16 code unit: most records need no counting.
  let units = 0
  for (const [key, { text }] of record.data) units += key.length + text.length
  units += record.meta.get(layout.names.flashes)?.text.length ?? 0
  if (units * 3 < most / 2 && record.data.size < 10_000) return
  const sizes = [...record.data].map(([key, { text }]) => ({ key, size: Buffer.byteLength(text) }))
  const flashes = record.meta.get(layout.names.flashes)
  if (flashes) sizes.push({ key: 'flash messages', size: Buffer.byteLength(flashes.text) })
  const size = sizes.reduce((sum, part) => sum + part.size + Buffer.byteLength(part.key) + 4, 100)
  if (size <= most) return
  const largest = sizes.sort((a, b) => b.size - a.size).slice(0, 3)
  const named = largest.map((part) => `${part.key} (${part.size} bytes)`).join(', ')
  throw new SessionError('ERR_SESSION_TOO_LARGE', size, most, named)
}

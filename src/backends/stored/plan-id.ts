/** The id of a session after a request: renewed, sent again, or as it was. */

import { cookieLifetime } from '../../record/lifetime.ts'
import { isPermanent, type SessionRecord } from '../../record/record.ts'
import type { CommitWork, SessionRules } from './commit-work.ts'
import { type Entry, type PreviousId, type RowAndEntry, timesOf } from './entry.ts'

/** A login makes the old id invalid at once: there is no grace across it. */
export function idAfterLogin(entry: Entry, { renewal }: CommitWork, now: number) {
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
export function idAfter(
  { row, entry, record }: RowAndEntry & { record: SessionRecord },
  work: CommitWork,
  rules: SessionRules,
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
  { grace }: SessionRules,
  now: number,
): boolean {
  if (entry.verifier === hash) return true
  const { previous } = entry
  if (previous?.verifier !== hash || previous.replacedAt !== undefined) return false
  return now - entry.issued * 1000 > grace
}

function previousAfter(
  previous: PreviousId | undefined,
  { grace }: SessionRules,
  now: number,
): PreviousId | undefined {
  if (previous?.replacedAt === undefined) return previous && { ...previous, replacedAt: now }
  return previous.replacedAt + grace < now ? undefined : previous
}

function changesPermanence({ record }: Entry, next: SessionRecord, { layout }: SessionRules) {
  return isPermanent(record, layout) !== isPermanent(next, layout)
}

/** Whether the browser has spent half of the Max-Age that was sent to it. */
function isStale(
  { row, entry }: RowAndEntry,
  { layout, lifetime }: SessionRules,
  now: number,
): boolean {
  const keepFor = cookieLifetime(lifetime, timesOf(row, entry, layout, now), entry.issued * 1000)
  return keepFor !== undefined && now - entry.issued * 1000 >= keepFor / 2
}

function isDueForRotation({ issued }: Entry, { rotate }: SessionRules, now: number): boolean {
  return rotate !== undefined && now - issued * 1000 >= rotate
}

/** Whether a request that changed nothing has something to write all the same: for its id. */
export function hasIdWork(
  newest: RowAndEntry,
  work: CommitWork,
  rules: SessionRules,
  now: number,
): boolean {
  const { entry } = newest
  return idAfter({ ...newest, record: entry.record }, work, rules, now).entry !== entry
}

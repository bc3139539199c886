/** The session id after a request: renewed, sent again, or unchanged. */

import { cookieLifetime } from '../../record/lifetime.ts'
import { isPermanent, type SessionRecord } from '../../record/record.ts'
import { lifetimeOf } from '../../record/session-lifetime.ts'
import type { CommitWork, SessionRules } from './commit-work.ts'
import { type Entry, type PreviousId, type RowAndEntry, timesOf } from './entry.ts'

/** A login makes the old id invalid at once: there is no grace across it. */
export function idAfterLogin(
  entry: Entry,
  { renewal, epoch }: CommitWork,
  { attributes }: SessionRules,
  now: number,
) {
  const { verifier, hash } = renewal()
  const issued = Math.floor(now / 1000)
  const next: Entry = {
    ...entry,
    verifier: hash,
    auth: entry.auth + 1,
    epoch,
    issued,
    attributes,
    previous: undefined,
  }
  return { entry: next, issue: verifier as string | undefined }
}

/** The id after this request. If nothing changes, `entry` is the same object. */
export function idAfter(
  { row, entry, record }: RowAndEntry & { record: SessionRecord },
  work: CommitWork,
  rules: SessionRules,
  now: number,
): { entry: Entry; issue: string | undefined } {
  const isCurrent = entry.verifier === work.hash
  const asked = work.changes.some((change) => change.do === 'regenerate')
  const stale = isStale({ row, entry }, rules, now)
  const { attributes } = rules
  const rewrites = stale || entry.attributes !== attributes || changesMaxAge(entry, record, rules)
  // With `rotate`, an id that has to be sent again is renewed instead. An id whose renewal never
  // reached the browser is renewed too, because the id that the browser has cannot be sent again.
  const renewsToRewrite = isCurrent
    ? rewrites && rules.rotate !== undefined
    : rewrites || work.isOutdated
  const renews = asked || isDueForRotation(entry, rules, now) || renewsToRewrite
  const issued = Math.floor(now / 1000)
  if (renews && mayRenew(entry, work, rules, now)) {
    const { verifier, hash } = work.renewal()
    const previous: PreviousId = { verifier: work.hash, replacedAt: undefined }
    return { entry: { ...entry, verifier: hash, issued, attributes, previous }, issue: verifier }
  }
  if (!isCurrent) return { entry, issue: undefined }
  const previous = previousAfter(entry.previous, rules, now)
  if (rewrites) return { entry: { ...entry, issued, attributes, previous }, issue: work.verifier }
  // The same id, signed under the current secret: its age does not change.
  if (work.isOutdated) return { entry: { ...entry, previous }, issue: work.verifier }
  const shown = entry.previous !== undefined && entry.previous.replacedAt === undefined
  return { entry: shown ? { ...entry, previous } : entry, issue: undefined }
}

/**
 * Whether this request may renew the id. It must have the current id; or the previous one, if the
 * renewal never reached the browser, which could otherwise never get another id.
 */
function mayRenew(entry: Entry, { hash }: CommitWork, { grace }: SessionRules, now: number) {
  if (entry.verifier === hash) return true
  const { previous } = entry
  if (previous?.verifier !== hash || previous.replacedAt !== undefined) return false
  return now - entry.issued * 1000 > grace
}

function previousAfter(previous: PreviousId | undefined, { grace }: SessionRules, now: number) {
  if (previous?.replacedAt === undefined) return previous && { ...previous, replacedAt: now }
  return previous.replacedAt + grace < now ? undefined : previous
}

function changesMaxAge({ record }: Entry, next: SessionRecord, { layout }: SessionRules) {
  if (isPermanent(record, layout) !== isPermanent(next, layout)) return true
  const name = layout.names.lifetime
  if (name === undefined || !isPermanent(next, layout)) return false
  return record.meta.get(name)?.text !== next.meta.get(name)?.text
}

/** Whether half of the Max-Age that was sent to the browser has passed. */
function isStale({ row, entry }: RowAndEntry, { layout, lifetime }: SessionRules, now: number) {
  const own = lifetimeOf(entry.record, layout, lifetime)
  const keepFor = cookieLifetime(own, timesOf(row, entry, layout, now), entry.issued * 1000)
  return keepFor !== undefined && now - entry.issued * 1000 >= keepFor / 2
}

function isDueForRotation({ issued }: Entry, { rotate }: SessionRules, now: number): boolean {
  return rotate !== undefined && now - issued * 1000 >= rotate
}

/** Whether a request without changes has to write because of its id. */
export function hasIdWork(slot: RowAndEntry, work: CommitWork, rules: SessionRules, now: number) {
  const { row, entry } = slot
  return idAfter({ row, entry, record: entry.record }, work, rules, now).entry !== entry
}

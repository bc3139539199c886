/** Ends a former session, or writes ours to it. */

import { randomInt } from 'node:crypto'
import type { Backend, Committed, Opened } from '../../backends/backend.ts'
import type { Maybe } from '../../base/ports.ts'
import type { RequestFacts } from '../../http/request-facts.ts'
import type { Change } from '../../record/changes.ts'
import { newRecord, type SessionRecord } from '../../record/record.ts'
import { replay } from '../../record/replay.ts'
import { NONCES, spellNonce } from '../../record/stamp.ts'
import { isGenuine, isMarked, type Side } from './side.ts'
import { changesBetween, EMPTY, MARK, type View, viewOf } from './view.ts'

/** What is written to a former session. */
export interface FormerChanges {
  readonly before: SessionRecord
  readonly changes: readonly Change[]
}

/**
 * Ends a former session, also in its store. Returns `undefined` for a cookie that this side has not
 * issued: it may belong to another application, and stays.
 */
export function endFormer(
  { settings: { backend } }: Side,
  opened: Opened,
  now: number,
): Maybe<Committed> | undefined {
  return isGenuine(opened) ? logOut(backend, opened, now) : undefined
}

/** Expires a former cookie when its store fails: at least this browser loses the session. */
export async function expireFormer(
  { settings: { backend } }: Side,
  now: number,
): Promise<Committed> {
  const nobody = await backend.open([], now)
  return logOut(backend, { ...nobody, hasCookie: true }, now)
}

function logOut(backend: Backend, opened: Opened, now: number): Maybe<Committed> {
  const at = Math.floor(now / 1000)
  const logout: Change = { do: 'logout', keep: [], at }
  const next = newRecord(backend.layout, at)
  return backend.commit({ opened, changes: [logout], next, now })
}

/** The changes that a former session needs to have the content of ours. */
export function formerChanges(
  side: Side,
  opened: Opened,
  ours: View,
  facts: RequestFacts,
  now: number,
): FormerChanges {
  const { settings, spelling } = side
  const { backend, stored, loginKeys } = settings
  const seconds = Math.floor(now / 1000)
  const login = (userId: string): Change => ({
    do: 'login',
    userId,
    at: ours.authenticatedAt ?? seconds,
    nonce: spellNonce(randomInt(NONCES)),
    epoch: stored?.epoch(userId),
    also: loginKeys?.(facts),
  })
  const before = opened.record ?? newRecord(backend.layout, seconds)
  const from = opened.record ? viewOf(opened.record, spelling) : EMPTY
  const changes = changesBetween(from, ours, spelling, login, now)
  if (changes.length > 0 || !isMarked(before, side)) {
    changes.push({ do: 'set', key: MARK, text: side.mark })
  }
  return { before, changes }
}

/** Writes these changes, and extends the former session as a visit does. */
export function writeFormer(
  { settings: { backend } }: Side,
  opened: Opened,
  { before, changes }: FormerChanges,
  now: number,
): Maybe<Committed> {
  const next = changes.length > 0 ? replay(before, changes, backend.layout) : before
  return backend.commit({ opened, changes, next, now })
}

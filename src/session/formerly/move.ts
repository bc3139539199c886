/** Reads a former session as a record of ours, if it is valid under the timeouts of both sides. */

import { randomInt } from 'node:crypto'
import { timesOf } from '../../backends/cookie-format.ts'
import type { Opened } from '../../backends/backend.ts'
import type { Maybe } from '../../base/ports.ts'
import type { RequestFacts } from '../../http/request-facts.ts'
import type { Change } from '../../record/changes.ts'
import { endedBy } from '../../record/lifetime.ts'
import { isEmpty, type SessionRecord } from '../../record/record.ts'
import { lifetimeOf } from '../../record/session-lifetime.ts'
import { NONCES, spellNonce } from '../../record/stamp.ts'
import type { FormerContext } from '../setup/former-sides.ts'
import { isMarked, type Side } from './side.ts'
import { changesFor, recordOf, type Spelling, viewOf } from './view.ts'

type Ours = FormerContext['ours']

/** A former session as a record of ours. */
export interface Move {
  readonly side: Side
  /** The values of the former cookie. */
  readonly values: readonly string[]
  readonly record: SessionRecord
  /** The changes that make the record of an empty one. */
  readonly changes: readonly Change[]
  /** The keys of values that our side cannot store. */
  readonly left: readonly string[]
}

/** Makes the move of a former session; `undefined`, or 'revoked', if it must not be moved. */
export function moveOf(
  ours: Ours,
  { side, values }: { side: Side; values: readonly string[] },
  former: Opened,
  facts: RequestFacts,
  now: number,
): Maybe<Move | 'revoked' | undefined> {
  if (!former.record || isMarked(former.record, side)) return undefined
  const { layout } = ours.backend
  const view = viewOf(former.record, side.spelling)
  const seconds = Math.floor(now / 1000)
  const { protection, backend } = side.settings
  const protects = protection?.(former.record, backend.layout, facts, seconds)
  // Its own library would sign this request out: Flask-Login's strong protection.
  if (protects?.some((change) => change.do === 'logout')) return undefined
  const seen = former.seen > 0 ? Math.min(former.seen, seconds) : seconds
  // Where the beginning is unknown, as in Flask, the session is as old as what is known of it.
  const { created = seen, nonce = newNonce() } = former.record.stamp
  const also = view.userId === undefined ? undefined : notFresh(ours.loginKeys?.(facts))
  const ownSpelling: Spelling = { layout, loginNames: new Set(Object.keys(also ?? {})) }
  const { record, left } = recordOf(view, ownSpelling, { created, nonce }, also)
  if (isEmpty(record, layout)) return undefined
  const times = { ...timesOf(record, seen, layout), created }
  if (endedBy(lifetimeOf(record, layout, ours.lifetime), times, now)) return undefined
  const { userId, authenticatedAt: at = 0 } = view
  if (userId === undefined) {
    return { side, values, record, left, changes: changesFor(record, view, undefined, ownSpelling) }
  }
  const epoch = ours.stored?.epoch(userId)
  const login: Change = { do: 'login', userId, at, epoch, also }
  const changes = changesFor(record, view, login, ownSpelling)
  const move = { side, values, record, left, changes }
  // Whoever revokes a user's sessions means those that have not come over, too.
  return epoch ? epoch.then((revoked) => (revoked === 0 ? move : 'revoked')) : move
}

/** Nobody has given a password now: Flask-Login's `_fresh`. */
function notFresh(
  keys: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> | undefined {
  if (!keys) return undefined
  return Object.fromEntries(
    Object.entries(keys).map(([name, value]) => [name, value === true ? false : value]),
  )
}

/** Of a session without one. */
function newNonce(): string {
  return spellNonce(randomInt(NONCES))
}

/** Converts a former session to a record of ours, if it is valid under the timeouts of both sides. */

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

/** A former session, converted to a record of ours. */
export interface Move {
  readonly side: Side
  /** The values of the former cookie. */
  readonly values: readonly string[]
  readonly record: SessionRecord
  /** The changes that turn an empty record into this one. */
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
  // Flask-Login's session protection 'strong' would sign this visitor out.
  if (protects?.some((change) => change.do === 'logout')) return undefined
  const seen = former.seen > 0 ? Math.min(former.seen, seconds) : seconds
  // Flask does not store when a session began: then it counts as begun at the last visit.
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
  // A revocation of the user's sessions includes former sessions that were not moved yet.
  return epoch ? epoch.then((revoked) => (revoked === 0 ? move : 'revoked')) : move
}

/** The login keys of a login without a password: Flask-Login's `_fresh` is false. */
function notFresh(
  keys: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> | undefined {
  if (!keys) return undefined
  return Object.fromEntries(
    Object.entries(keys).map(([name, value]) => [name, value === true ? false : value]),
  )
}

/** Makes the nonce of a former session that has none. */
function newNonce(): string {
  return spellNonce(randomInt(NONCES))
}

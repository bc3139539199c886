/** Opens the session of a request, and reports invalid, duplicate and old cookies. */

import type { Opened } from '../backends/backend.ts'
import { isObserved, OPENS } from '../base/channels.ts'
import { codeOf, SessionError } from '../base/errors.ts'
import { andThen, type Maybe } from '../base/ports.ts'
import type { RequestFacts } from '../http/request-facts.ts'
import { observedOpen } from './diagnostics.ts'
import { subjectOf } from './explain/event-context.ts'
import type { FormerVisit } from './setup/former-sides.ts'
import { MIGRATE_FAILED } from './schema/migration.ts'
import { baseOf, type Host, type State } from './state.ts'

/** Opens the session of a request. `startedAt`: when it arrived, in milliseconds since 1970. */
export function openState(
  host: Host,
  facts: RequestFacts,
  startedAt: number = host.clock(),
): Maybe<State> {
  if (isObserved(OPENS)) return observedOpen(openNow, host, facts, startedAt)
  return openNow(host, facts, startedAt)
}

function openNow(host: Host, facts: RequestFacts, startedAt: number): Maybe<State> {
  const values = host.cookieValues(facts.cookie, host.cookieName)
  const now = host.clock()
  const opening = host.backend.open(values, now)
  if (host.former) return openFormers(host, facts, startedAt, values, opening)
  if (!(opening instanceof Promise)) return begin(host, facts, startedAt, opening, now)
  return openLater(host, facts, startedAt, values, opening)
}

/** Not part of `openNow`, where its closures would cost an allocation for every request. */
function openLater(
  host: Host,
  facts: RequestFacts,
  startedAt: number,
  values: readonly string[],
  opening: Promise<Opened>,
): Promise<State> {
  return opening.then(
    (opened) => begin(host, facts, startedAt, opened, host.clock()),
    (error: unknown) => openFailed(host, facts, startedAt, values, error),
  )
}

/** The same with former sides. A failing former store has the same effect as our own. */
function openFormers(
  host: Host,
  facts: RequestFacts,
  startedAt: number,
  values: readonly string[],
  opening: Maybe<Opened>,
): Maybe<State> {
  type Looked = { opened: Opened; former: FormerVisit | undefined }
  const go = ({ opened, former }: Looked) =>
    begin(host, facts, startedAt, former?.opened ?? opened, host.clock(), undefined, former)
  const fail = (error: unknown) => openFailed(host, facts, startedAt, values, error)
  let looked: Maybe<Looked>
  try {
    looked = andThen(opening, (opened) =>
      andThen(host.former!.open(facts, opened, host.clock()), (former) => ({ opened, former })),
    )
  } catch (error) {
    return fail(error)
  }
  return looked instanceof Promise ? looked.then(go, fail) : go(looked)
}

function begin(
  host: Host,
  facts: RequestFacts,
  startedAt: number,
  opened: Opened,
  now: number,
  unavailable?: SessionError,
  former?: FormerVisit,
): Maybe<State> {
  const moved = former?.record
  if (!unavailable && !moved) report(host, opened, facts, now)
  const failure = (opened.record ?? moved)?.unmigrated
  if (failure) {
    host.emit({ type: 'invalid-data', why: MIGRATE_FAILED }, opened)
    host.development?.warn(failure.error.code, failure.error.message)
    if (failure.isFatal) return Promise.reject(failure.error)
  }
  const base = moved ?? baseOf(host, opened, now)
  return {
    host,
    facts,
    startedAt,
    opened,
    isNew: opened.record === undefined && moved === undefined,
    base,
    record: base,
    owned: false,
    changes: [],
    mayDrift: false,
    waiting: undefined,
    watch: undefined,
    frozen: false,
    readOnly: undefined,
    former,
    setCookie: undefined,
    unavailable,
    busy: undefined,
    told: undefined,
  }
}

/** Throws the error of a failed open, or returns a read-only session with `onUnavailable`. */
function openFailed(
  host: Host,
  facts: RequestFacts,
  startedAt: number,
  values: readonly string[],
  error: unknown,
): Maybe<State> {
  const isOurs = error instanceof SessionError
  host.emit({ type: 'open-failed', code: codeOf(error) })
  if (isOurs) host.development?.warn(`open-${error.code}`, error.message)
  if (!isOurs || error.code !== 'ERR_STORE_UNAVAILABLE' || host.onUnavailable === 'error') {
    throw error
  }
  const nobody: Opened = {
    record: undefined,
    hasCookie: values.length > 0,
    presented: values,
    rejected: [],
    verified: 0,
    seen: 0,
    key: 0,
    isOutdated: false,
  }
  return begin(host, facts, startedAt, nobody, host.clock(), error)
}

function report(host: Host, opened: Opened, facts: RequestFacts, now: number): void {
  const { emit, development, cookieName, policy } = host
  const { rejected, refused, presented, verified, key, record } = opened
  if (refused) reportReplays(host, refused)
  if (presented.length > 1) {
    emit({ type: 'duplicates', count: presented.length, verified }, opened)
    development?.duplicates(cookieName, opened)
  }
  if (record) {
    const use = host.secretUse[key]
    if (use) {
      use.opened++
      use.lastAt = now
    }
    if (key > 0) emit({ type: 'old-secret', key }, opened)
    return
  }
  // One event for a rejected visitor, however many cookies were sent.
  if (rejected[0] && verified === 0) {
    emit({ type: 'rejected', reason: rejected[0] }, subjectOf(opened))
    development?.rejected(host, opened, now)
  } else development?.crossOrigin(facts, policy.cookie)
}

function reportReplays({ emit }: Host, refused: NonNullable<Opened['refused']>): void {
  for (const one of refused) if (one.reason === 'replayed') emit({ type: 'replayed' }, one)
}

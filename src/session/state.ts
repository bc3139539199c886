/** The state of one session during a request: opens it, and records changes for the commit. */

import { randomInt } from 'node:crypto'
import type { Opened } from '../backends/backend.ts'
import { SessionError } from '../base/errors.ts'
import type { Maybe } from '../base/ports.ts'
import { cookieValues } from '../http/cookie.ts'
import type { Outgoing } from '../http/headers.ts'
import {
  apply,
  type Change,
  isOfAnother,
  newRecord,
  replay,
  spellChanges,
} from '../record/changes.ts'
import { type Field, hasDrifted } from '../record/fields.ts'
import type { Flash, SessionRecord } from '../record/record.ts'
import { isObject } from '../record/text/shapes.ts'
import { NONCES, spellNonce } from '../record/stamp.ts'
import { hintCrossOrigin, hintDuplicates, hintRejected } from './explain/hints.ts'
import type { RequestFacts } from '../http/request-facts.ts'
import type { Settings } from './setup/settings.ts'

/** What all requests of one `createSessions` share. */
export interface Host extends Settings {
  /** When `createSessions` was called, in milliseconds since 1970. */
  readonly startedAt: number
  /** How many more rejected cookies are examined for a development warning. */
  looksLeft: number
  /** Use counts by the index of the secret; `lastAt` in milliseconds since 1970. */
  readonly secretUse: { opened: number; lastAt: number | undefined }[]
}

/** How many sessions were opened under a secret since `createSessions` was called. */
export interface SecretUse {
  opened: number
  /** When the last one was opened. @default undefined: none was */
  lastAt: Date | undefined
}

/** Is told of changes and commits. */
export interface Watch {
  changed(): void
  committed(): void
}

/** The state of a session during a request. */
export interface State {
  readonly host: Host
  readonly facts: RequestFacts
  /** The backend's latest result. */
  opened: Opened
  /** Whether the request came without a valid session. */
  readonly isNew: boolean
  /** The record without this request's changes. */
  base: SessionRecord
  /** The record with this request's changes in it. */
  record: SessionRecord
  /** Whether `record` is this request's own copy. */
  owned: boolean
  changes: Change[]
  /** Whether the app has received an object of the record, which it may change in place. */
  mayDrift: boolean
  /** The flash messages that were waiting at the first call of `flashes()`. */
  waiting: { flash: Flash; text: string; shown: boolean }[] | undefined
  /** Looks for changes that are lost: see `lost-changes.ts`. */
  watch: Watch | undefined
  /** True once the response headers are sent: later changes could not be saved. */
  frozen: boolean
  /** The adapter's reason for a read-only session; `frozen` is then true, too. */
  readOnly: string | undefined
  setCookie: string | undefined
  /** The store's error, with `onUnavailable: 'anonymous-readonly'`. */
  readonly unavailable: SessionError | undefined
  /** The running commit or reload. The next one waits, so that no change is applied twice. */
  busy: Promise<void> | undefined
  /** The last commit failed and threw `error`: how many changes it had. */
  told: { changes: number; error: unknown } | undefined
}

/** Opens the session of a request. */
export function openState(host: Host, facts: RequestFacts): Maybe<State> {
  const values = cookieValues(facts.cookie, host.cookieName)
  const now = host.clock()
  const opening = host.backend.open(values, now)
  if (!(opening instanceof Promise)) return begin(host, facts, opening, now)
  return opening.then(
    (opened) => begin(host, facts, opened, host.clock()),
    (error: unknown) => openFailed(host, facts, values, error),
  )
}

function begin(
  host: Host,
  facts: RequestFacts,
  opened: Opened,
  now: number,
  unavailable?: SessionError,
): State {
  if (!unavailable) report(host, opened, facts, now)
  const base = baseOf(host, opened, now)
  return {
    host,
    facts,
    opened,
    isNew: opened.record === undefined,
    base,
    record: base,
    owned: false,
    changes: [],
    mayDrift: false,
    waiting: undefined,
    watch: undefined,
    frozen: false,
    readOnly: undefined,
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
  values: readonly string[],
  error: unknown,
): State {
  const isOurs = error instanceof SessionError
  host.emit({ type: 'open-failed', code: isOurs ? error.code : 'UNKNOWN' })
  if (isOurs) host.hint(`open-${error.code}`, error.message)
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
  return begin(host, facts, nobody, host.clock(), error)
}

/** The opened record, or a new one for a visitor without a session. */
export function baseOf({ backend }: Host, { record }: Opened, now: number): SessionRecord {
  return record ?? newRecord(backend.layout, Math.floor(now / 1000), newNonce())
}

/** Makes a random nonce for a new session or a login. */
export function newNonce(): string {
  return spellNonce(randomInt(NONCES))
}

function report(host: Host, opened: Opened, facts: RequestFacts, now: number): void {
  const { emit, hint, cookieName } = host
  const { rejected, presented, verified, key, record } = opened
  for (const reason of rejected) if (reason === 'replayed') emit({ type: 'replayed' })
  if (presented.length > 1) {
    emit({ type: 'duplicates', count: presented.length, verified })
    hintDuplicates(hint, cookieName, opened)
  }
  if (record) {
    const use = host.secretUse[key]
    if (use) {
      use.opened++
      use.lastAt = now
    }
    if (key > 0) emit({ type: 'old-secret', key })
    return
  }
  // One event for a rejected visitor, however many cookies were sent.
  if (rejected[0]) {
    emit({ type: 'rejected', reason: rejected[0] })
    // Limited: a few examples show the cause, and an attacker must not cause work.
    if (!host.explains || host.looksLeft-- <= 0) return
    const layout = host.stored ? 'stored' : host.backend.layout.flat ? 'flask' : 'own'
    hintRejected(hint, cookieName, opened, { startedAt: host.startedAt, layout })
  } else if (host.explains) hintCrossOrigin(hint, facts)
}

/** Records and applies a change. @throws as `refuseFrozen` */
export function note(state: State, verb: string, change: Change): void {
  refuseFrozen(state, verb)
  const { layout } = state.host.backend
  if (change.do === 'login' && isOfAnother(state.record, change.userId, layout)) {
    spellChanges(state.changes)
    state.changes.push(change)
    // Deletes the other user's data and preserves this request's own changes: only a replay can
    // tell them apart. Changes inside the other user's objects are dropped with them.
    replayOn(state, state.base)
    return
  }
  state.record = apply(own(state), change, layout)
  // Recorded last: if it cannot be applied, nothing changes.
  state.changes.push(change)
  state.watch?.changed()
}

/** Records a change of one key whose new field has been computed. */
export function notePut(state: State, change: Change & { key: string }, field?: Field): void {
  const { data } = own(state)
  if (isObject(field?.live?.value)) state.mayDrift = true
  if (field) data.set(change.key, field)
  else data.delete(change.key)
  state.changes.push(change)
  state.watch?.changed()
}

/** Replays the request's changes on a record. Objects that the app holds remain the live values. */
export function replayOn(state: State, base: SessionRecord): void {
  const before = state.record.data
  state.record = replay(base, state.changes, state.host.backend.layout)
  state.owned = true
  for (const [key, field] of state.record.data) {
    const held = before.get(key)
    if (held?.live && held.text === field.text) field.live = held.live
  }
}

/** @throws ERR_STORE_UNAVAILABLE, ERR_SESSION_READ_ONLY, ERR_SESSION_COMMITTED: headers are sent */
export function refuseFrozen(state: State, verb: string): void {
  if (state.unavailable) throw state.unavailable
  if (state.readOnly !== undefined) {
    throw new SessionError('ERR_SESSION_READ_ONLY', verb, state.readOnly)
  }
  if (state.frozen) throw new SessionError('ERR_SESSION_COMMITTED', verb)
}

function own(state: State): SessionRecord {
  if (!state.owned) {
    state.record = state.host.backend.layout.copy(state.record)
    state.owned = true
  }
  return state.record
}

/** Detects changes inside objects that the app holds, and records them as a `set` of the key. */
export function noteDrift(state: State, only?: string): void {
  if (!state.mayDrift) return
  const { codec } = state.host.backend.layout
  for (const [key, field] of state.record.data) {
    if ((only === undefined || only === key) && field.live && hasDrifted(field, key, codec)) {
      const text = codec.encode(field.live.value, key)
      state.changes.push({ do: 'set', key, text, from: field.text })
      own(state).data.set(key, { text, live: field.live })
    }
  }
  if (only === undefined) spellChanges(state.changes)
}

/** The headers that the response needs for this session. */
export function outgoing({ setCookie }: State): Outgoing {
  return { vary: true, setCookie }
}

/** The state of one session during a request: its record, and the changes for the commit. */

import { randomInt } from 'node:crypto'
import type { Opened } from '../backends/backend.ts'
import { SessionError } from '../base/errors.ts'
import { type Change, spellChanges } from '../record/changes.ts'
import { writtenField } from '../record/schema-fields.ts'
import { apply, isOfAnother, replay } from '../record/replay.ts'
import { type Field, hasDrifted } from '../record/fields.ts'
import { type Flash, newRecord, type SessionRecord, userIdOf } from '../record/record.ts'
import type { OwnTimeouts } from '../record/session-lifetime.ts'
import { isObject } from '../record/text/shapes.ts'
import { NONCES, spellNonce } from '../record/stamp.ts'
import type { RequestFacts } from '../http/request-facts.ts'
import type { CommitCount } from './close.ts'
import type { FormerVisit } from './setup/former-sides.ts'
import type { Settings } from './setup/settings.ts'

/** What all requests of one `createSessions` share. */
export interface Host extends Settings {
  /** Whether a Secure cookie was sent over plain HTTP, and the event was emitted. */
  toldInsecure: boolean
  /** Use counts by the index of the secret; `lastAt` in milliseconds since 1970. */
  readonly secretUse: { opened: number; lastAt: number | undefined }[]
  readonly commits: CommitCount
}

/** How many sessions were opened under a secret since `createSessions` was called. */
export interface SecretUse {
  /** How many sessions were opened. */
  opened: number
  /** When the last one was opened. @default undefined: none was */
  lastAt: Date | undefined
}

/** Called for changes, for objects that the app gets and may change, and for commits. */
export interface Watch {
  gave(): void
  changed(): void
  committed(): void
}

/** The state of a session during a request. */
export interface State {
  readonly host: Host
  readonly facts: RequestFacts
  /** When the request arrived with its cookie, in milliseconds since 1970. */
  readonly startedAt: number
  /** The backend's latest result. */
  opened: Opened
  /** Whether the request came without a valid session. */
  readonly isNew: boolean
  /** The record without this request's changes. See `rebase`. */
  base: SessionRecord
  /** Whether somebody was signed in in an earlier base: the page may show that user's data. */
  wasSignedIn?: boolean
  /** The record with this request's changes in it. */
  record: SessionRecord
  /** Whether `record` is this request's own copy. */
  owned: boolean
  changes: Change[]
  /** The `lifetime` that this request has set, even if unchanged: a login has to preserve it. */
  lifetimeSet?: OwnTimeouts | undefined
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
  /** The former sessions of the request, with the option `formerly`. */
  readonly former?: FormerVisit | undefined
  /** The Set-Cookie lines of former sessions. */
  formerLines?: readonly string[]
  setCookie: string | undefined
  /** Further Set-Cookie lines of the same commit: of cookies that belong to that one. */
  also?: readonly string[] | undefined
  /** The Set-Cookie lines of earlier commits in this request. */
  withdrawn?: string[]
  /** If `setCookie` only renews the cookie: as of when, in milliseconds since 1970. */
  renewedAsOf?: number | undefined
  /** The store's error, with `onUnavailable: 'anonymous-readonly'`. */
  readonly unavailable: SessionError | undefined
  /** The running commit or reload. The next one waits, so that no change is applied twice. */
  busy: Promise<void> | undefined
  /** The last commit failed and threw `error`: how many changes it had. */
  told: { changes: number; error: unknown; isHeard: boolean } | undefined
  /** The app's AbortSignal has ended its wait for the running commit: it does not get a failure. */
  isAbandoned?: boolean
}

/** The opened record, or a new one for a visitor without a session. */
export function baseOf({ backend }: Host, { record }: Opened, now: number): SessionRecord {
  return record ?? newRecord(backend.layout, Math.floor(now / 1000), newNonce())
}

/** Replaces the base by a newer one. */
export function rebase(state: State, base: SessionRecord): void {
  if (base === state.base) return
  if (userIdOf(state.base, state.host.backend.layout) !== undefined) state.wasSignedIn = true
  state.base = base
}

/** Makes a random nonce for a new session or a login. */
export function newNonce(): string {
  return spellNonce(randomInt(NONCES))
}

/** Records and applies a change. @throws as `refuseFrozen` */
export function note(state: State, verb: string, change: Change): void {
  refuseFrozen(state, verb)
  const { layout } = state.host.backend
  if (change.do === 'login' && isOfAnother(state.record, change.userId, layout)) {
    spellChanges(state.changes)
    state.changes.push(change)
    // Deletes the other user's data and preserves this request's own changes: only a replay can tell
    // them apart. Changes inside the other user's objects are deleted with them.
    replayOn(state, state.base)
    state.watch?.changed()
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
  const { layout } = state.host.backend
  state.record = replay(base, state.changes, layout)
  state.owned = true
  for (const [key, held] of before) {
    const field = held.live && state.record.data.get(key)
    if (field && field.text === held.text) field.live = held.live
  }
}

/** @throws ERR_STORE_UNAVAILABLE, ERR_SESSION_READ_ONLY, ERR_SESSION_COMMITTED: headers are sent */
export function refuseFrozen(state: State, verb: string): void {
  if (state.unavailable) throw state.unavailable
  if (state.readOnly !== undefined) {
    throw new SessionError('ERR_SESSION_READ_ONLY', verb, state.readOnly)
  }
  if (!state.frozen) return
  const error = new SessionError('ERR_SESSION_COMMITTED', verb)
  state.host.development?.warn(error.code, error.message)
  throw error
}

function own(state: State): SessionRecord {
  if (!state.owned) {
    state.record = state.host.backend.layout.copy(state.record)
    state.owned = true
  }
  return state.record
}

/**
 * Returns the field of a key, if the app's schema accepts it, and reports one that it does not.
 *
 * @throws ERR_DATA_INVALID with `onInvalid: 'error'`; ERR_SCHEMA_ASYNC
 */
export function findField(state: State, key: string): Field | undefined {
  const field = state.record.data.get(key)
  const { schema } = state.host.backend.layout
  if (!field || !schema) return field
  return schema.read(field, key, (why) => {
    state.host.emit({ type: 'invalid-data', key, why }, state.opened)
    state.host.development?.invalidData(key, why)
  })
}

/** Detects changes inside objects that the app holds, and records them as a `set` of the key. */
export function noteDrift(state: State, only?: string): void {
  if (!state.mayDrift) return
  const { layout } = state.host.backend
  for (const [key, field] of state.record.data) {
    if ((only === undefined || only === key) && hasDrifted(field, key, layout.codec)) {
      const now = writtenField(field.live?.value, key, layout)
      state.changes.push({ do: 'set', key, text: now.text, from: field.text })
      own(state).data.set(key, now)
    }
  }
  if (only === undefined) spellChanges(state.changes)
}

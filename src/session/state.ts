/** One request's work on one session: opens it, notes changes, commits them. */

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
  /** When this process began to serve, in milliseconds since 1970. */
  readonly startedAt: number
  /** How many refused cookies are still looked into, for a line on the console. */
  looksLeft: number
  /** By the index of the secret; `lastAt` in milliseconds since 1970. */
  readonly secretUse: { opened: number; lastAt: number | undefined }[]
}

/** How many sessions were opened under a secret, since this process began to serve. */
export interface SecretUse {
  opened: number
  /** @default undefined: none was */
  lastAt: Date | undefined
}

/** A session in the hands of a request. */
export interface State {
  readonly host: Host
  readonly facts: RequestFacts
  /** What the backend answered last. */
  opened: Opened
  /** Whether the visitor came without a session. */
  readonly isNew: boolean
  /** The record this request's changes are made to. */
  base: SessionRecord
  /** The record with this request's changes in it. */
  record: SessionRecord
  /** Whether `record` is this request's own copy. */
  owned: boolean
  changes: Change[]
  /** Whether the app holds an object of the record: only then may a value differ from its text. */
  mayDrift: boolean
  /** The flash messages that were waiting when somebody first asked. */
  waiting: { flash: Flash; text: string; shown: boolean }[] | undefined
  /** Set at the first byte: what is written later could not be kept. */
  frozen: boolean
  /** Why nothing may be written, where an adapter has said so; the session is frozen as well. */
  readOnly: string | undefined
  setCookie: string | undefined
  /** Why the store did not answer, where the app chose to go on read-only. */
  readonly unavailable: SessionError | undefined
  /** The commit or reload under way: the next one waits for it, or it would do the same again. */
  busy: Promise<void> | undefined
  /** A commit failed and the app was given the error: it had so many changes. */
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
    frozen: false,
    readOnly: undefined,
    setCookie: undefined,
    unavailable,
    busy: undefined,
    told: undefined,
  }
}

/** A store that does not answer is not a visitor without a session, unless the app only reads then. */
function openFailed(
  host: Host,
  facts: RequestFacts,
  values: readonly string[],
  error: unknown,
): State {
  const isOurs = error instanceof SessionError
  host.emit({ type: 'open-failed', code: isOurs ? error.code : 'UNKNOWN' })
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

/** The record a request's changes begin with. */
export function baseOf({ backend }: Host, { record }: Opened, now: number): SessionRecord {
  return record ?? newRecord(backend.layout, Math.floor(now / 1000), newNonce())
}

/** A nonce for a session that begins, or that changes hands. */
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
  // One event for a visitor who is refused, however many cookies came.
  if (rejected[0]) {
    emit({ type: 'rejected', reason: rejected[0] })
    // Who has seen so many has seen the cause; and whoever sends them should not make us work.
    if (!host.explains || host.looksLeft-- <= 0) return
    const layout = host.stored ? 'stored' : host.backend.layout.flat ? 'flask' : 'own'
    hintRejected(hint, cookieName, opened, { startedAt: host.startedAt, layout })
  } else if (host.explains) hintCrossOrigin(hint, facts)
}

/** Notes a change and makes it. @throws ERR_SESSION_COMMITTED once the headers have left. */
export function note(state: State, verb: string, change: Change): void {
  refuseFrozen(state, verb)
  const { layout } = state.host.backend
  if (change.do === 'login' && isOfAnother(state.record, change.userId, layout)) {
    spellChanges(state.changes)
    state.changes.push(change)
    // The data of another user goes, this request's own changes stay: only a replay can tell. What
    // became of the other user's objects in the app's hands is theirs, and goes with them.
    replayOn(state, state.base)
    return
  }
  state.record = apply(own(state), change, layout)
  // Noted only now that it has worked.
  state.changes.push(change)
}

/** Notes a change of one key, whose new field is known already. */
export function notePut(state: State, change: Change & { key: string }, field?: Field): void {
  const { data } = own(state)
  if (isObject(field?.live?.value)) state.mayDrift = true
  if (field) data.set(change.key, field)
  else data.delete(change.key)
  state.changes.push(change)
}

/** Does the request's changes again on a record. The values it holds already stay its own. */
export function replayOn(state: State, base: SessionRecord): void {
  const before = state.record.data
  state.record = replay(base, state.changes, state.host.backend.layout)
  state.owned = true
  for (const [key, field] of state.record.data) {
    const held = before.get(key)
    if (held?.live && held.text === field.text) field.live = held.live
  }
}

/** Refuses a write that could not be kept: the headers have left, or this request only reads. */
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

/** Notes what handed-out objects have become: a nested change is a write of its whole key. */
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

/** What the response has to carry for this session. */
export function outgoing({ setCookie }: State): Outgoing {
  return { vary: true, setCookie }
}

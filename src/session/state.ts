/** One request's work on one session: opens it, notes changes, commits them. */

import type { Committed, Opened } from '../backends/backend.ts'
import { SessionError } from '../base/errors.ts'
import { andThen, type Maybe } from '../base/ports.ts'
import { cookieValues } from '../http/cookie.ts'
import type { Outgoing } from '../http/headers.ts'
import { apply, type Change, isOfAnother, newRecord, replay } from '../record/changes.ts'
import { type Field, hasDrifted } from '../record/fields.ts'
import type { Flash, SessionRecord } from '../record/record.ts'
import {
  hintCrossOrigin,
  hintDuplicates,
  hintRejected,
  hintSecure,
  type RequestFacts,
} from './hints.ts'
import type { Settings } from './options.ts'

/** What all requests of one `createSessions` share. */
export interface Host extends Settings {
  /** When this process began to serve, in milliseconds since 1970. */
  readonly startedAt: number
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
  /** The flash messages that were waiting when somebody first asked. */
  waiting: { flash: Flash; text: string; shown: boolean }[] | undefined
  /** Set at the first byte: what is written later could not be kept. */
  frozen: boolean
  setCookie: string | undefined
  /** Why the store did not answer, where the app chose to go on read-only. */
  readonly unavailable: SessionError | undefined
  /** The commit under way: the next one waits for it, or it would do the same again. */
  committing: Promise<void> | undefined
  /** How many changes a commit had that failed for good, and whose error the app was given. */
  told: number | undefined
}

/** Opens the session of a request. */
export function openState(host: Host, facts: RequestFacts): Maybe<State> {
  const values = cookieValues(facts.cookie, host.cookieName)
  const opening = host.backend.open(values, host.clock())
  const begun = (opened: Opened) => begin(host, facts, opened)
  return opening instanceof Promise
    ? opening.then(begun, (error: unknown) => openFailed(host, facts, values, error))
    : begun(opening)
}

function begin(host: Host, facts: RequestFacts, opened: Opened, unavailable?: SessionError): State {
  if (!unavailable) report(host, opened, facts)
  const base = baseOf(host, opened)
  return {
    host,
    facts,
    opened,
    isNew: opened.record === undefined,
    base,
    record: base,
    owned: false,
    changes: [],
    waiting: undefined,
    frozen: false,
    setCookie: undefined,
    unavailable,
    committing: undefined,
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
  }
  return begin(host, facts, nobody, error)
}

function baseOf({ backend, clock }: Host, { record }: Opened): SessionRecord {
  return record ?? newRecord(backend.layout, Math.floor(clock() / 1000))
}

function report(host: Host, opened: Opened, facts: RequestFacts): void {
  const { emit, hint, cookieName } = host
  const { rejected, presented, verified, key, record } = opened
  for (const reason of rejected) if (reason === 'replayed') emit({ type: 'replayed' })
  if (presented.length > 1) {
    emit({ type: 'duplicates', count: presented.length, verified })
    hintDuplicates(hint, cookieName, opened)
  }
  if (record) {
    if (key > 0) emit({ type: 'old-secret', key })
    return
  }
  // One event for a visitor who is refused, however many cookies came.
  if (rejected[0]) {
    emit({ type: 'rejected', reason: rejected[0] })
    if (!host.explains) return
    const { data, meta } = host.backend.layout.empty()
    hintRejected(hint, cookieName, opened, {
      startedAt: host.startedAt,
      flaskLayout: data === meta,
    })
  } else if (host.explains) hintCrossOrigin(hint, facts)
}

/** Notes a change and makes it. @throws ERR_SESSION_COMMITTED once the headers have left. */
export function note(state: State, verb: string, change: Change): void {
  refuseFrozen(state, verb)
  const { layout } = state.host.backend
  state.changes.push(change)
  if (change.do === 'login' && isOfAnother(state.record, change.userId, layout)) {
    // The data of another user goes, this request's own changes stay: only a replay can tell. What
    // became of the other user's objects in the app's hands is theirs, and goes with them.
    replayOn(state, state.base)
  } else state.record = apply(own(state), change, layout)
}

/** Notes a change of one key, whose new field is known already. */
export function notePut(state: State, change: Change & { key: string }, field?: Field): void {
  const { data } = own(state)
  if (field) data.set(change.key, field)
  else data.delete(change.key)
  state.changes.push(change)
}

/** Does the request's changes again on a record. The values it holds already stay its own. */
function replayOn(state: State, base: SessionRecord): void {
  const before = state.record.data
  state.record = replay(base, state.changes, state.host.backend.layout)
  state.owned = true
  for (const [key, field] of state.record.data) {
    const held = before.get(key)
    if (held?.live && held.text === field.text) field.live = held.live
  }
}

/** Refuses a write that could not be kept: the headers have left, or the store is away. */
export function refuseFrozen(state: State, verb: string): void {
  if (state.unavailable) throw state.unavailable
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
  const { codec } = state.host.backend.layout
  for (const [key, field] of state.record.data) {
    if ((only === undefined || only === key) && field.live && hasDrifted(field, key, codec)) {
      const text = codec.encode(field.live.value, key)
      state.changes.push({ do: 'set', key, text, from: field.text })
      own(state).data.set(key, { text, live: field.live })
    }
  }
}

/**
 * Keeps what the request did. Afterwards the state stands on the record that was written.
 *
 * One commit at a time; what is written while one is under way is the next one's.
 */
export function commitState(state: State): Maybe<void> {
  if (state.committing) return state.committing.then(() => commitState(state))
  const { host } = state
  if (state.frozen || state.unavailable) return
  try {
    noteDrift(state)
    const { opened, changes, record: next } = state
    const request = { opened, changes: [...changes], next, now: host.clock() }
    const committing = host.backend.commit(request)
    if (!(committing instanceof Promise)) return settle(state, request.changes, committing)
    state.committing = committing
      .then(
        (committed) => settle(state, request.changes, committed),
        (error: unknown) => failed(state, request.changes, error),
      )
      .finally(() => (state.committing = undefined))
    return state.committing
  } catch (error) {
    failed(state, state.changes, error)
  }
}

/** The last commit of a request: nothing is left to do where the app knows that it failed. */
export function isSettled(state: State): boolean {
  if (state.told === undefined || state.committing) return false
  noteDrift(state)
  return state.changes.length === state.told
}

function settle(state: State, done: readonly Change[], committed: Committed): void {
  const { opened, setCookie, notes = [] } = committed
  announce(state, done, committed)
  for (const note of notes) state.host.emit(note)
  state.opened = opened
  state.setCookie = setCookie ?? state.setCookie
  state.told = undefined
  state.changes = state.changes.slice(done.length)
  state.base = opened.record ?? state.record
  if (state.changes.length > 0 || state.base !== state.record) replayOn(state, state.base)
  state.owned = state.changes.length > 0
}

function announce(
  { host, facts, opened: before }: State,
  done: readonly Change[],
  { opened: after, setCookie }: Committed,
): void {
  for (const change of done) {
    if (change.do === 'login' || change.do === 'logout') host.emit({ type: change.do })
  }
  if (setCookie === undefined) return
  if (!before.record && after.record) host.emit({ type: 'created' })
  if (host.secureCookie && host.explains) hintSecure(host.hint, facts)
}

function failed(state: State, tried: readonly Change[], error: unknown): never {
  const { host } = state
  const code = error instanceof SessionError ? error.code : 'UNKNOWN'
  host.emit({ type: 'commit-failed', code })
  if (error instanceof SessionError) host.hint(code, error.message)
  // Where the outcome is not known the last commit tries again.
  if (code !== 'ERR_STORE_UNAVAILABLE') state.told = tried.length
  throw error
}

/** Reads the newest record again and puts the changes of this request on it. */
export function reloadState(state: State): Maybe<void> {
  const { host } = state
  if (state.unavailable) throw state.unavailable
  return andThen(host.backend.reopen(state.opened, host.clock()), (opened) => {
    noteDrift(state)
    state.opened = opened
    state.base = baseOf(host, opened)
    replayOn(state, state.base)
  })
}

/** What the response has to carry for this session. */
export function outgoing({ setCookie }: State): Outgoing {
  return { vary: true, setCookie }
}

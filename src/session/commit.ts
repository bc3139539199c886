/** Keeps what a request did to its session, once, and reads what others did meanwhile. */

import type { Committed, Opened } from '../backends/backend.ts'
import { SessionError } from '../base/errors.ts'
import type { Maybe } from '../base/ports.ts'
import { type Change, spellChanges } from '../record/changes.ts'
import type { SessionRecord } from '../record/record.ts'
import { hintSecure } from './explain/hints.ts'
import { baseOf, noteDrift, replayOn, type State } from './state.ts'

/**
 * Keeps what the request did. Afterwards the state stands on the record that was written.
 *
 * One commit at a time; what is written while one is under way is the next one's.
 */
export function commitState(state: State): Maybe<void> {
  if (state.busy) return state.busy.then(() => commitState(state))
  const { host } = state
  if (state.frozen || state.unavailable) return
  try {
    noteDrift(state)
    refuseAgain(state)
    const { opened, record: next } = state
    const changes = state.changes.length > 0 ? [...state.changes] : NO_CHANGES
    // What is written from now on is the next commit's: it must not reach the record being saved.
    state.owned = false
    const committing = host.backend.commit({ opened, changes, next, now: host.clock() })
    if (!(committing instanceof Promise)) return settle(state, changes, committing)
    return alone(
      state,
      committing.then(
        (committed) => settle(state, changes, committed),
        (error: unknown) => failed(state, changes, error),
      ),
    )
  } catch (error) {
    failed(state, state.changes, error)
  }
}

/**
 * After an outcome that nobody knows nothing is sent again: it would be done twice if the first was
 * done. A logout may be: it ends the same session.
 */
function refuseAgain({ told, changes }: State): void {
  const isUnknown = told?.error instanceof SessionError && told.error.code === UNAVAILABLE
  if (isUnknown && !changes.some((change) => change.do === 'logout')) throw told?.error
}

const NO_CHANGES: readonly Change[] = []

const UNAVAILABLE = 'ERR_STORE_UNAVAILABLE'

/** Lets the next commit or reload wait for this one. */
function alone(state: State, work: Promise<void>): Promise<void> {
  state.busy = work.then(
    () => void (state.busy = undefined),
    () => void (state.busy = undefined),
  )
  return work
}

/** Whether nothing is left to keep: the app knows of the failure, and has written nothing since. */
export function isSettled(state: State): boolean {
  const { told } = state
  if (told === undefined || state.busy) return false
  noteDrift(state)
  // A logout that was not confirmed is tried again until the headers leave.
  const endsUnconfirmed =
    told.error instanceof SessionError &&
    told.error.code === UNAVAILABLE &&
    state.changes.some((change) => change.do === 'logout')
  return !endsUnconfirmed && state.changes.length === told.changes
}

function settle(state: State, done: readonly Change[], committed: Committed): void {
  const { opened, setCookie, notes } = committed
  announce(state, done, committed)
  if (notes) for (const note of notes) state.host.emit(note)
  state.opened = opened
  state.setCookie = setCookie ?? state.setCookie
  state.told = undefined
  if (done.length > 0) state.changes = state.changes.slice(done.length)
  standOn(state, opened.record ?? state.record)
}

/** Puts what was written meanwhile on a record; what cannot be put there fails its own commit. */
function standOn(state: State, base: SessionRecord): void {
  const isSame = base === state.record
  state.base = base
  try {
    // What cannot be stored fails the commit that is to store it, not this one.
    spellChanges(state.changes)
    if (state.changes.length > 0 || !isSame) replayOn(state, base)
  } catch {
    state.record = base
  }
  state.owned = state.record !== base
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
  if (error !== state.told?.error) host.emit({ type: 'commit-failed', code })
  if (error instanceof SessionError) host.hint(code, error.message)
  state.told = { changes: tried.length, error }
  throw error
}

/** Reads the newest record again and puts the changes of this request on it. */
export function reloadState(state: State): Maybe<void> {
  if (state.busy) return state.busy.then(() => reloadState(state))
  const { host } = state
  if (state.unavailable) throw state.unavailable
  const reopening = host.backend.reopen(state.opened, host.clock())
  const reload = (opened: Opened) => {
    noteDrift(state)
    // A visitor without a session stays the same one: a token may be on their page already.
    const isNobodyStill = !state.opened.record && !opened.record
    state.opened = opened
    if (!isNobodyStill) state.base = baseOf(host, opened, host.clock())
    replayOn(state, state.base)
  }
  return reopening instanceof Promise ? alone(state, reopening.then(reload)) : reload(reopening)
}

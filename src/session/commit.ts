/** Commits the changes of a request, and reloads what concurrent requests have saved. */

import type { Committed, Note, Opened } from '../backends/backend.ts'
import { untilAborted } from '../base/abort.ts'
import { COMMITS, isObserved } from '../base/channels.ts'
import { codeOf, SessionError } from '../base/errors.ts'
import type { Maybe } from '../base/ports.ts'
import { type Change, spellChanges } from '../record/changes.ts'
import type { RequestFacts } from '../http/request-facts.ts'
import type { SessionRecord } from '../record/record.ts'
import { observedCommit } from './diagnostics.ts'
import type { EventSubject } from './explain/event-context.ts'
import { setFormerLines, setLine } from './set-cookie-line.ts'
import { baseOf, noteDrift, rebase, replayOn, type State } from './state.ts'

/**
 * Saves the changes of the request. Afterwards the state is based on the record that was saved.
 *
 * Commits run one at a time; changes made during a commit belong to the next one.
 */
export function commitState(state: State): Maybe<void> {
  if (state.busy) return state.busy.then(() => commitState(state))
  if (state.frozen || state.unavailable) return
  return isObserved(COMMITS) ? observedCommit(state, commitNow) : commitNow(state)
}

function commitNow(state: State): Maybe<void> {
  const { host } = state
  try {
    noteDrift(state)
    refuseAgain(state)
    const { opened, record: next } = state
    const changes = state.changes.length > 0 ? [...state.changes] : NO_CHANGES
    // Later changes belong to the next commit, and must not reach the record that is being saved.
    state.owned = false
    const request = { opened, changes, next, now: host.clock() }
    const committing = (state.former ?? host.backend).commit(request)
    if (!(committing instanceof Promise)) return settle(state, changes, committing)
    host.commits.begin()
    return alone(
      state,
      committing.then(
        (committed) => {
          host.commits.end()
          settle(state, changes, committed)
        },
        (error: unknown) => {
          host.commits.end()
          failed(state, changes, error)
        },
      ),
    )
  } catch (error) {
    failed(state, state.changes, error)
  }
}

/**
 * The same, but the app waits only until its signal is aborted. A commit that has begun continues: a
 * login must not be saved by halves.
 *
 * @throws the signal's reason
 */
export async function commitUntil(state: State, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  while (state.busy) await untilAborted(signal, state.busy)
  const committing = commitState(state)
  if (!committing) return
  try {
    await untilAborted(signal, committing)
  } catch (error) {
    if (state.busy) state.isAbandoned = true
    throw error
  }
}

/**
 * Throws the last error again if its outcome is unknown: a retry might apply the changes twice. A
 * logout is idempotent and may be retried.
 */
function refuseAgain({ told, changes }: State): void {
  if (codeOf(told?.error) === UNAVAILABLE && !changes.some((change) => change.do === 'logout'))
    throw told?.error
}

const NO_CHANGES: readonly Change[] = []

const UNAVAILABLE = 'ERR_STORE_UNAVAILABLE'

/** Makes the next commit or reload wait for this one. */
function alone(state: State, work: Promise<void>): Promise<void> {
  state.busy = work.then(
    () => void (state.busy = undefined),
    () => void (state.busy = undefined),
  )
  return work
}

/** Whether nothing is left to commit: a commit failed, and the app has changed nothing since. */
export function isSettled(state: State): boolean {
  const { told } = state
  if (!told?.isHeard || state.busy) return false
  noteDrift(state)
  // An unconfirmed logout is retried until the response headers are sent.
  const endsUnconfirmed =
    codeOf(told.error) === UNAVAILABLE && state.changes.some((change) => change.do === 'logout')
  return !endsUnconfirmed && state.changes.length === told.changes
}

function settle(state: State, done: readonly Change[], committed: Committed): void {
  const { opened, setCookie, also, former, isRenewal, notes } = committed
  if (hasNothingToSettle(state, done, committed)) return
  announce(state, done, committed)
  if (notes) announceNotes(state, notes, opened)
  state.opened = opened
  if (setCookie !== undefined) setLine(state, setCookie, isRenewal, also)
  if (former) setFormerLines(state, former)
  state.told = undefined
  state.isAbandoned = false
  if (done.length > 0) state.changes = state.changes.slice(done.length)
  standOn(state, opened.record ?? state.record)
  state.watch?.committed()
}

/** Whether nothing was changed, renewed or reported, as in most visits. */
function hasNothingToSettle(
  { opened: before, watch, told, isAbandoned }: State,
  done: readonly Change[],
  { opened, setCookie, former, notes }: Committed,
): boolean {
  if (done.length > 0 || watch !== undefined || told !== undefined || isAbandoned) return false
  if (setCookie !== undefined || former !== undefined || notes?.length) return false
  return opened === before
}

/** Makes `base` the new base and replays later changes on it. If that fails, their own commit fails. */
function standOn(state: State, base: SessionRecord): void {
  const isSame = base === state.record
  rebase(state, base)
  try {
    // A value that cannot be stored must fail the next commit, not this one.
    spellChanges(state.changes)
    if (state.changes.length > 0 || !isSame) replayOn(state, base)
  } catch {
    state.record = base
  }
  state.owned = state.record !== base
}

function announceNotes({ host }: State, notes: readonly Note[], opened: Opened): void {
  for (const event of notes) {
    host.emit(event, opened)
    if (event.type === 'flashes-dropped') host.development?.flashesDropped(event.count)
  }
}

function announce(
  { host, facts, opened: before, former }: State,
  done: readonly Change[],
  { opened: after, setCookie, isRenewal }: Committed,
): void {
  let subject: EventSubject = before
  for (const [at, change] of done.entries()) {
    if (change.do === 'regenerate') host.emit({ type: 'regenerate' }, after)
    else if (change.do === 'login') {
      const isReplaced = done
        .slice(at + 1)
        .some(({ do: verb }) => verb === 'login' || verb === 'logout')
      // A login of this request has replaced the session that was opened.
      subject = isReplaced ? { handle: subject.handle, userId: change.userId } : after
      host.emit({ type: 'login' }, subject)
    } else if (change.do === 'logout') {
      host.emit({ type: 'logout' }, subject)
      subject = {}
    }
  }
  if (setCookie === undefined) return
  if (!before.record && !former?.record && after.record) {
    host.emit({ type: 'created' }, after)
    host.development?.begun(facts, host.policy.cookie)
  }
  if (host.engine === '' && !isRenewal) host.development?.changedFrom(before, facts, done)
  if (!host.secureCookie || host.toldInsecure || !isPlainHttp(facts)) return
  host.toldInsecure = true
  host.emit({ type: 'insecure' })
  host.development?.insecure(facts)
}

/** Whether a request came over plain HTTP, and no proxy says that the browser used HTTPS. */
function isPlainHttp(facts: RequestFacts): boolean {
  return facts.encrypted === false && facts.header('x-forwarded-proto') !== 'https'
}

function failed(state: State, tried: readonly Change[], error: unknown): never {
  const { host } = state
  const code = codeOf(error)
  const largest = error instanceof SessionError ? error.largest : undefined
  if (error !== state.told?.error) {
    host.emit({ type: 'commit-failed', code, ...(largest && { largest }) }, state.opened)
  }
  if (error instanceof SessionError) host.development?.warn(code, error.message)
  state.told = { changes: tried.length, error, isHeard: !state.isAbandoned }
  state.isAbandoned = false
  throw error
}

/** Reads the newest record and replays the changes of this request on it. */
export function reloadState(state: State): Maybe<void> {
  if (state.busy) return state.busy.then(() => reloadState(state))
  const { host } = state
  if (state.unavailable) throw state.unavailable
  const reopening = host.backend.reopen(state.opened, host.clock())
  const reload = (opened: Opened) => {
    noteDrift(state)
    // A visitor without a session keeps the nonce: a page may already contain its CSRF token.
    const isNobodyStill = !state.opened.record && !opened.record
    state.opened = opened
    if (!isNobodyStill) rebase(state, baseOf(host, opened, host.clock()))
    replayOn(state, state.base)
  }
  return reopening instanceof Promise ? alone(state, reopening.then(reload)) : reload(reopening)
}

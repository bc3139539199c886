/** Begins a session in a store: the row first, then its owner's list, then the cookie. */

import { codeOf, SessionError } from '../../base/errors.ts'
import { type Change, isSoft } from '../../record/changes.ts'
import { isEmpty, type SessionRecord, userIdOf } from '../../record/record.ts'
import { withMessagesThatFit } from '../../record/waiting.ts'
import { type Committed, type Note, notesOf } from '../backend.ts'
import type { EndCause } from '../store-backend.ts'
import { type Entry, idleSeconds, rowOf } from './entry.ts'
import { isUnknown } from './store-errors.ts'
import { checkSize } from './plan.ts'
import { hashOfVerifier, newSelector, newVerifier } from './session-id.ts'
import {
  type CommitParts,
  committed,
  lastLogin,
  type StoredRequest,
  unchanged,
} from './commit-result.ts'
import type { Slot } from './open.ts'
import type { FoundRow } from './store.ts'

/** Commits a request without a session. @throws ERR_SESSION_GONE */
export function begin(ports: CommitParts, request: StoredRequest): Committed | Promise<Committed> {
  const { opened, changes, next } = request
  // Another session's cookie must not replace that of the concurrent login.
  if (opened.isSuperseded && !lastLogin(changes)) {
    if (changes.every(isSoft)) return unchanged(opened)
    throw new SessionError('ERR_SESSION_GONE')
  }
  if (isEmpty(next, ports.rules.layout)) return unchanged(opened)
  const begun = start(ports, request, next)
  return lastLogin(changes) ? leave(ports, begun, opened.leftovers) : begun
}

/** Removes the sessions that a login replaces, before it resolves. `owner`: their user, if known. */
export async function leave(
  ports: CommitParts,
  beginning: Promise<Committed>,
  selectors: readonly string[],
  owner?: string,
): Promise<Committed> {
  const begun = await beginning
  try {
    await removeOrRetry(ports, selectors, owner, 'login')
  } catch (error) {
    // The new session's cookie is not sent either: remove its row too.
    const { handle } = begun.opened
    if (handle !== undefined) ports.removals.add(handle, 'login')
    throw error
  }
  return begun
}

/**
 * Removes rows concurrently, so that in an outage the visitor waits for one deadline only. Each row
 * is tried, even if another one fails. Failed removals are retried in the background.
 *
 * @param owner removed keys are deleted from this owner's list, if they are in it.
 * @throws the first failure, after each row was tried.
 */
export async function removeOrRetry(
  { store, removals }: CommitParts,
  selectors: readonly string[],
  owner: string | undefined,
  why: EndCause,
): Promise<void> {
  const removed: string[] = []
  const failures: unknown[] = []
  await Promise.all(
    selectors.map(async (selector) => {
      try {
        await store.remove(selector, why)
        removed.push(selector)
      } catch (error) {
        removals.add(selector, why)
        failures.push(error)
      }
    }),
  )
  // The next listing removes a key whose row is gone.
  if (owner !== undefined && removed.length > 0) await store.forget(owner, removed).catch(() => {})
  if (failures.length > 0) throw failures[0]
}

/** Begins a session for a record: a new row under a new id. */
export async function start(
  ports: CommitParts,
  request: StoredRequest,
  record: SessionRecord,
): Promise<Committed> {
  const id = { selector: undefined, verifier: newVerifier(ports.random) }
  // Never `undefined`: there is a free selector.
  return (await startAs(ports, request, record, id))!
}

/** The same under an id of the caller's choice; `undefined` if its selector is taken. */
export async function startAs(
  ports: CommitParts,
  request: StoredRequest,
  record: SessionRecord,
  { selector, verifier: issue }: { selector: string | undefined; verifier: string },
): Promise<Committed | undefined> {
  const { opened, changes, now } = request
  const { layout } = ports.rules
  const fitted = withMessagesThatFit(record, layout, changes, (fit) => checkSize(fit, ports.rules))
  const owner = userIdOf(record, layout)
  const epoch = owner === undefined ? 0 : await epochOf(ports, owner, changes)
  const slot = await insert(ports, { record: fitted.record, epoch }, { selector, issue }, now)
  if (!slot) return undefined
  const admitted = owner === undefined ? [] : await admit(ports, owner, slot)
  return committed(ports, opened, slot, { issue, now, notes: [...notesOf(fitted), ...admitted] })
}

/** If the outcome of the insert is unknown, it retries under another key; nobody gets the first. */
async function insert(
  { store, group, random, rules }: CommitParts,
  { record, epoch }: Pick<Entry, 'record' | 'epoch'>,
  { selector: chosen, issue: verifier }: { selector: string | undefined; issue: string },
  now: number,
): Promise<Slot | undefined> {
  const { layout, lifetime, attributes } = rules
  const hash = hashOfVerifier(verifier)
  const write = group.newWrite()
  let failure: unknown
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const selector = chosen ?? newSelector(random)
    const entry: Entry = {
      selector,
      verifier: hash,
      auth: 1,
      epoch,
      idle: idleSeconds(record, layout, lifetime),
      issued: Math.floor(now / 1000),
      attributes,
      previous: undefined,
      record,
    }
    const row = rowOf(entry, rules, { write, recent: [], now })
    try {
      const isInserted =
        (await store.insert(selector, row)) ||
        // The row is from a first attempt without a reply: it already has this request's changes.
        (chosen !== undefined && attempt > 0 && hasWrite(await store.read(selector), write))
      if (isInserted)
        return { selector, verifier, hash, row, isListed: true, entry, newest: { row, entry } }
      if (chosen !== undefined) return undefined
      failure = new SessionError('ERR_STORE_UNAVAILABLE', 'insert', 'new keys are taken')
    } catch (error) {
      if (!isUnknown(error)) throw error
      failure = error
    }
  }
  throw failure
}

function hasWrite(row: FoundRow | null, write: string): boolean {
  return row !== null && (row.write === write || row.recent.includes(write))
}

/** The user's epoch when the login was called. @throws ERR_STORE_UNAVAILABLE */
export function epochOf(
  { store }: CommitParts,
  owner: string,
  changes: readonly Change[],
): Promise<number> {
  const begun = lastLogin(changes)?.epoch as Promise<number> | undefined
  return begun ?? store.epoch(owner)
}

/** Adds a session to its owner's list after a login. If it throws, nobody gets the session's id. */
export async function admit(
  { members, removals, rules }: CommitParts,
  owner: string,
  { selector, row, entry }: Slot,
  before?: SessionRecord,
): Promise<Note[]> {
  const until = listUntil(row.expiresAt, entry)
  try {
    const handles = await members.admit(owner, selector, entry.epoch, until)
    return handles.length > 0 ? [{ type: 'evicted', count: handles.length, handles }] : []
  } catch (error) {
    // Left in the list, it would count against the user's limit. A session that belonged to the user
    // before stays.
    const wasTheirs = before && userIdOf(before, rules.layout) === owner
    if (codeOf(error) === 'ERR_STORE_UNAVAILABLE' && !wasTheirs) removals.add(selector, 'login')
    throw error
  }
}

/**
 * When an owner's list may expire, in milliseconds since 1970. That is later than the next `keep`,
 * even if a visit extends the session once more and its `keep` fails.
 */
export function listUntil(expiresAt: number, { idle }: Pick<Entry, 'idle'>): number {
  return expiresAt + idle * 1_200
}

/** Begins a session in a store: the row first, then its owner's list, then the cookie. */

import { SessionError } from '../../base/errors.ts'
import { type Change, isSoft } from '../../record/changes.ts'
import { isEmpty, type SessionRecord, userIdOf } from '../../record/record.ts'
import type { Committed, Note } from '../backend.ts'
import { type Entry, idleSeconds, rowOf } from './entry.ts'
import { isUnknown } from './store-errors.ts'
import { checkSize } from './plan.ts'
import { hashOfVerifier, newSelector, newVerifier } from './session-id.ts'
import { type CommitParts, committed, lastLogin, type StoredRequest, unchanged } from './answer.ts'
import type { Slot, StoredOpened } from './open.ts'

/** The commit of a visitor without a session. @throws ERR_SESSION_GONE */
export function begin(
  ports: CommitParts,
  { opened, changes, next, now }: StoredRequest,
): Committed | Promise<Committed> {
  // The cookie of the login that came between must not be replaced by another session's.
  if (opened.isSuperseded && !lastLogin(changes)) {
    if (changes.every(isSoft)) return unchanged(opened)
    throw new SessionError('ERR_SESSION_GONE')
  }
  if (isEmpty(next, ports.rules.layout)) return unchanged(opened)
  const begun = start(ports, opened, next, { changes, now })
  return lastLogin(changes) ? leave(ports, begun, opened.leftovers) : begun
}

/**
 * A login that begins a new session: the sessions it leaves are removed before it is answered.
 *
 * @param owner the user whose sessions they were, if known.
 */
export async function leave(
  ports: CommitParts,
  beginning: Promise<Committed>,
  selectors: readonly string[],
  owner?: string,
): Promise<Committed> {
  const begun = await beginning
  try {
    for (const selector of selectors) await remove(ports, selector, owner)
  } catch (error) {
    // The new one's cookie does not leave either: it would only fill its user's list.
    const { handle } = begun.opened
    if (handle !== undefined) ports.removals.add(handle)
    throw error
  }
  return begun
}

/** Removes a row. If the store does not confirm it, it is tried again in the background. */
export async function remove(
  { store, removals }: CommitParts,
  selector: string,
  owner: string | undefined,
): Promise<void> {
  try {
    await store.remove(selector)
  } catch (error) {
    removals.add(selector)
    throw error
  }
  if (owner === undefined) return
  // A key whose row is gone does no harm in the list: the next listing takes it off.
  await store.forget(owner, [selector]).catch(() => {})
}

/** Begins a session for a record: a new row under a new id. */
export async function start(
  ports: CommitParts,
  opened: StoredOpened,
  record: SessionRecord,
  { changes, now }: { changes: readonly Change[]; now: number },
): Promise<Committed> {
  const { layout } = ports.rules
  checkSize(record, ports.rules)
  const issue = newVerifier(ports.random)
  const slot = await insert(ports, record, issue, now)
  const owner = userIdOf(record, layout)
  const notes = owner === undefined ? [] : await admit(ports, owner, slot, { changes, now })
  return committed(ports, opened, slot, { issue, now, notes })
}

/** If nobody knows whether an insert was executed, a second key is used: the first id is nobody's. */
async function insert(
  { store, group, random, rules }: CommitParts,
  record: SessionRecord,
  verifier: string,
  now: number,
): Promise<Slot> {
  const { layout, lifetime } = rules
  const hash = hashOfVerifier(verifier)
  let failure: unknown
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const selector = newSelector(random)
    const entry: Entry = {
      selector,
      verifier: hash,
      auth: 1,
      idle: idleSeconds(record, layout, lifetime),
      issued: Math.floor(now / 1000),
      previous: undefined,
      record,
    }
    const row = rowOf(entry, rules, { write: group.newWrite(), recent: [], now })
    try {
      if (await store.insert(selector, row))
        return { selector, verifier, hash, row, entry, newest: { row, entry } }
      failure = new SessionError('ERR_STORE_UNAVAILABLE', 'insert', 'new keys are taken')
    } catch (error) {
      if (!isUnknown(error)) throw error
      failure = error
    }
  }
  throw failure
}

/**
 * Takes a session that was just signed in into its owner's list.
 *
 * @throws ERR_SESSION_LIMIT, ERR_SESSION_GONE, ERR_STORE_UNAVAILABLE; then nobody has its id.
 */
export async function admit(
  { members, removals, rules }: CommitParts,
  owner: string,
  { selector, row, entry }: Slot,
  { changes, now, before }: { changes: readonly Change[]; now: number; before?: SessionRecord },
): Promise<Note[]> {
  const calledAt = lastLogin(changes)?.calledAt ?? now
  try {
    const count = await members.admit(owner, selector, calledAt, listUntil(row.expiresAt, entry))
    return count > 0 ? [{ type: 'evicted', count }] : []
  } catch (error) {
    // It would stand in the way of the next login. A session that was the user's already stays.
    const wasTheirs = before && userIdOf(before, rules.layout) === owner
    if (isUnknown(error) && !wasTheirs) removals.add(selector)
    throw error
  }
}

/** When an owner's list may expire, in milliseconds since 1970: later than the next `keep`. */
export function listUntil(expiresAt: number, { idle }: Pick<Entry, 'idle'>): number {
  const fifthOfIdle = idle * 200
  return expiresAt + fifthOfIdle
}

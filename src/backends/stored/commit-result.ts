/** What a commit to a store needs, and what it returns: the saved record and the Set-Cookie. */

import type { Change } from '../../record/changes.ts'
import { cookieLifetime } from '../../record/lifetime.ts'
import { lifetimeOf } from '../../record/session-lifetime.ts'
import type { CommitRequest, Committed, Note } from '../backend.ts'
import { seenAt, timesOf } from './entry.ts'
import type { GroupCommit } from './group-commit.ts'
import type { Members } from './user-sessions.ts'
import type { OpenParts, Slot, StoredOpened } from './open.ts'

/** What committing needs. */
export interface CommitParts extends OpenParts {
  group: GroupCommit
  members: Members
}

/** A commit of what was opened in a store. */
export type StoredRequest = CommitRequest & { opened: StoredOpened }

/** The result if nothing was written, or if the browser needs no new cookie. */
export function unchanged(opened: StoredOpened, notes?: Note[]): Committed {
  return { opened, setCookie: undefined, notes }
}

/**
 * The result of a session that was written.
 *
 * @param issue the new verifier to send to the browser, if any.
 */
export function committed(
  { ids, writer, rules: { layout, lifetime } }: CommitParts,
  opened: StoredOpened,
  slot: Slot,
  {
    issue,
    isRenewal,
    now,
    notes,
  }: { issue: string | undefined; isRenewal?: boolean; now: number; notes: Note[] },
): Committed {
  const { row, entry, newest, selector } = slot
  const held: StoredOpened = {
    ...opened,
    record: entry.record,
    seen: seenAt(newest.row, newest.entry),
    handle: selector,
    isSuperseded: false,
    slot,
  }
  if (issue === undefined) return { opened: held, setCookie: undefined, notes }
  const own = lifetimeOf(entry.record, layout, lifetime)
  const keepFor = cookieLifetime(own, timesOf(row, entry, layout, now), now)
  const renewed: StoredOpened = {
    ...held,
    hasCookie: true,
    key: 0,
    isOutdated: false,
    slot: { ...slot, verifier: issue, hash: entry.verifier },
  }
  return {
    opened: renewed,
    setCookie: writer.set(ids.issue(selector, issue), keepFor, now),
    isRenewal: isRenewal === true,
    notes,
  }
}

/** Whether a request asks for a Set-Cookie. Otherwise it only renews the cookie. */
export function asksForCookie(changes: readonly Change[]): boolean {
  return changes.some(({ do: verb }) => ASKING.has(verb))
}

const ASKING: ReadonlySet<Change['do']> = new Set(['login', 'regenerate', 'permanent', 'lifetime'])

/** The last login among the changes, which is the one that counts. */
export function lastLogin(changes: readonly Change[]) {
  const login = changes.findLast((change) => change.do === 'login')
  return login?.do === 'login' ? login : undefined
}

/** Begins the session of a move: concurrent requests with the same former session begin a single one. */

import { encodeBase64url } from '../../base/bytes.ts'
import { SessionError } from '../../base/errors.ts'
import type { Maybe } from '../../base/ports.ts'
import { isSoft } from '../../record/changes.ts'
import { isEmpty } from '../../record/record.ts'
import { replay } from '../../record/replay.ts'
import type { Committed, Once, Opened } from '../backend.ts'
import { begin, startAs } from './begin.ts'
import { type CommitParts, committed, type StoredRequest, unchanged } from './commit-result.ts'
import { type Found, type OpenParts, outcomeOf, type StoredOpened } from './open.ts'
import type { SessionId } from './session-id.ts'

type Commit = (request: StoredRequest) => Maybe<Committed>

/**
 * Begins the session, or uses the one that a concurrent request has begun with the same seed.
 *
 * @throws ERR_SESSION_GONE if that one was ended meanwhile: a logout is final.
 */
export async function beginOnce(
  ports: CommitParts,
  commit: Commit,
  moving: StoredRequest,
  { seed, own }: Once,
): Promise<Committed> {
  const request: StoredRequest = { ...moving, once: undefined }
  const { opened, next, now } = request
  const id = idOf(seed)
  if (own.some(({ do: verb }) => verb === 'login' || verb === 'logout')) {
    // A login gets a random id, so that a copy of the former cookie cannot open its session.
    const leftovers = [...opened.leftovers, id.selector]
    return commit({ ...request, opened: { ...opened, leftovers } })
  }
  if (opened.isSuperseded || isEmpty(next, ports.rules.layout)) return begin(ports, request)
  const begun = await startAs(ports, request, next, id)
  if (begun) return begun
  const found = await find(ports, id, now)
  if (found === 'gone') {
    if (own.every(isSoft)) return unchanged(opened)
    throw new SessionError('ERR_SESSION_GONE')
  }
  // Later the former cookie alone does not open the session.
  if (!found) return begin(ports, request)
  const joined: StoredOpened = { ...opened, ...found.opened }
  const changed = own.length > 0
  const done = changed
    ? await commit({
        opened: joined,
        changes: own,
        next: replay(found.slot.entry.record, own, ports.rules.layout),
        now,
      })
    : unchanged(joined)
  const { slot } = done.opened as StoredOpened
  if (done.setCookie !== undefined || !slot) return done
  const notes = [...(done.notes ?? [])]
  return committed(ports, joined, slot, { issue: slot.verifier, now, notes })
}

/** Opens that session for a request whose former session has ended because another request moved it. */
export async function openOnce(
  ports: OpenParts,
  seed: Uint8Array,
  now: number,
): Promise<Opened | undefined> {
  const id = idOf(seed)
  const found = await find(ports, id, now)
  if (!found || found === 'gone') return undefined
  const nobody = { hasCookie: true, presented: [], rejected: [], verified: 1 }
  const rest = { others: [], leftovers: [], isSuperseded: false }
  const opened: StoredOpened = { ...nobody, ...rest, ...found.opened }
  return opened
}

function idOf(seed: Uint8Array): SessionId {
  const selector = encodeBase64url(seed.subarray(0, 16))
  return { selector, verifier: encodeBase64url(seed.subarray(16, 48)), key: 0 }
}

/** The session under the id within `grace`, as for a renewed id. */
async function find(
  ports: OpenParts,
  id: SessionId,
  now: number,
): Promise<Found | 'gone' | undefined> {
  const row = await ports.store.read(id.selector)
  if (!row) return 'gone'
  const outcome = outcomeOf(ports, id, row, now)
  if (!('slot' in outcome)) return undefined
  const { issued } = outcome.slot.entry
  return now - issued * 1000 < ports.rules.grace + 1000 ? outcome : undefined
}

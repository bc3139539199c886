/** Ends a session in a store, and begins what comes after a logout. */

import { alsoSending, SessionError } from '../base/errors.ts'
import { isEmpty, userIdOf } from '../record/record.ts'
import type { Committed } from './backend.ts'
import type { CommitPorts, StoredRequest } from './stored-answer.ts'
import { begin } from './stored-begin.ts'
import type { StoredOpened } from './stored-open.ts'

/**
 * A logout.
 *
 * Every session that the request's cookies open is over: of two, the other would sign the visitor in
 * again.
 */
export async function end(
  ports: CommitPorts,
  { opened, changes, next, now }: StoredRequest,
): Promise<Committed> {
  const { layout } = ports.rules
  const { slot, expired, others } = opened
  const owner = slot && userIdOf(slot.entry.record, layout)
  const cleared = opened.hasCookie && !opened.isSuperseded ? ports.writer.clear() : undefined
  const nobody: StoredOpened = {
    ...opened,
    record: undefined,
    handle: undefined,
    slot: undefined,
    expired: undefined,
    others: [],
  }
  try {
    for (const other of others) await remove(ports, other, undefined)
    const selector = slot?.selector ?? expired
    if (selector !== undefined) await remove(ports, selector, owner)
    if (isEmpty(next, layout)) {
      return { opened: { ...nobody, hasCookie: false }, setCookie: cleared }
    }
    const after = changes.findLastIndex((change) => change.do === 'logout') + 1
    return await begin(ports, { opened: nobody, changes: changes.slice(after), next, now })
  } catch (error) {
    // In this browser at least the session is over, whatever the store does.
    if (error instanceof SessionError && cleared) alsoSending(error, 'set-cookie', cleared)
    throw error
  }
}

/** Ends a row for good; one that the store does not confirm is removed later. */
export async function remove(
  { store, removals }: CommitPorts,
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

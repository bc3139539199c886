/** A logout: ends the session in the store, and begins another one if the request changes it later. */

import { SessionError } from '../../base/errors.ts'
import { isEmpty, userIdOf } from '../../record/record.ts'
import type { Committed } from '../backend.ts'
import type { CommitParts, StoredRequest } from './commit-result.ts'
import { begin, removeOrRetry } from './begin.ts'
import type { StoredOpened } from './open.ts'

/** Ends every session in the request's cookies: any that is left would sign the visitor in again. */
export async function end(
  ports: CommitParts,
  { opened, changes, next, now }: StoredRequest,
): Promise<Committed> {
  const { layout } = ports.rules
  const { slot, others, leftovers } = opened
  const owner = slot && userIdOf(slot.entry.record, layout)
  const cleared = opened.hasCookie && !opened.isSuperseded ? ports.writer.clear() : undefined
  const nobody: StoredOpened = {
    ...opened,
    record: undefined,
    handle: undefined,
    slot: undefined,
    others: [],
    leftovers: [],
  }
  try {
    // The request's own session first, in case the store accepts no further calls.
    const own = slot ? [slot.selector] : []
    await removeOrRetry(ports, [...own, ...others, ...leftovers], owner, 'logout')
    if (isEmpty(next, layout)) {
      return { opened: { ...nobody, hasCookie: false }, setCookie: cleared }
    }
    const after = changes.findLastIndex((change) => change.do === 'logout') + 1
    return await begin(ports, { opened: nobody, changes: changes.slice(after), next, now })
  } catch (error) {
    // The cookie is cleared even if the store fails: at least this browser loses the session.
    throw error instanceof SessionError && cleared ? error.withHeader('set-cookie', cleared) : error
  }
}

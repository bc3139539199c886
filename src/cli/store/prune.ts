/** `sojourn prune`: deletes expired sessions from a store. */

import { usageError } from '../command/command.ts'
import { counted } from '../command/wording.ts'
import { onStore } from './on-store.ts'

const USAGE = `sojourn prune MODULE                      deletes expired sessions, in batches
`

export const prune = onStore(USAGE, {}, (_, rest) => {
  if (rest.length > 0) throw usageError('Pass only a module: sojourn prune MODULE.')
  return async (sessions) => {
    const deleted = await sessions.prune()
    const isRedis = sessions.describePolicy().backend === 'Redis'
    const text = isRedis
      ? 'Redis deletes expired sessions by itself: there is nothing to prune.'
      : `Deleted ${counted(deleted, 'row')}.`
    return { text, json: { deleted } }
  }
})

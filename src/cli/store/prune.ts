/** `sojourn prune`: deletes from a store what is over. */

import { usageError } from '../command/arguments.ts'
import { counted } from '../command/wording.ts'
import { storeArguments, withSessions } from './stored-app.ts'

export const PRUNE_USAGE = `sojourn prune MODULE                      deletes what is over, some at a time
`

/** Runs the command; answers its exit code. */
export async function prune(args: readonly string[]): Promise<number> {
  const { values, module, rest } = storeArguments(args, {})
  if (rest.length > 0) throw usageError('Give one module and nothing else: sojourn prune MODULE.')
  return withSessions(module, values, async (sessions) => {
    const deleted = await sessions.prune()
    const text =
      sessions.describePolicy().backend === 'Redis'
        ? 'Redis deletes by itself what is over: there is nothing to prune.'
        : `Deleted ${counted(deleted, 'row')}.`
    return { text, json: { deleted } }
  })
}

/** `sojourn prune`: deletes from a store what is over. */

import { parseArgs } from 'node:util'
import { pruneAll } from '../../backends/stored/upkeep.ts'
import { understood } from '../command/arguments.ts'
import { STORE_OPTIONS, withStore } from './store-command.ts'
import { usageError } from '../command/usage-error.ts'

export const PRUNE_USAGE = `sojourn prune                             deletes what is over, some at a time
`

/** Runs the command; answers its exit code. */
export async function prune(args: readonly string[]): Promise<number> {
  const { values, positionals } = understood(args, (args) =>
    parseArgs({ args, allowPositionals: true, options: STORE_OPTIONS }),
  )
  if (positionals.length > 0)
    throw usageError('prune takes options only. See: sojourn prune --help')
  return withStore(values, async ({ store }) => {
    const deleted = await pruneAll(store)
    const text =
      store.engine === 'Redis'
        ? 'Redis deletes by itself what is over: there is nothing to prune.'
        : `Deleted ${deleted} ${deleted === 1 ? 'row' : 'rows'}.`
    return { text, json: { deleted } }
  })
}

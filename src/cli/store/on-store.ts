/** What `list`, `revoke` and `prune` have in common: they work on the app's own sessions. */

import type { ParseArgsOptionsConfig } from 'node:util'
import type { StoredSessions } from '../../session/sessions.ts'
import * as commands from '../command/command.ts'
import { load, LOAD_OPTIONS, quietly, takeVariables } from '../command/load.ts'

export const STORE_USAGE = `of list, revoke and prune, which load MODULE, a file that makes \`sessions\`:
                  [--env .env]              with the variables of a file
                  [--export NAME]           which sessions, if it exports several
                  [--json]                  for programs
`

/** What is done once the app is loaded. */
export type Work = (sessions: StoredSessions) => Promise<commands.Answer>

/**
 * A command on the sessions in an app's store.
 *
 * @param prepare reads what stands behind the module. @throws ERR_USAGE: then nothing is loaded
 */
export function onStore<const Options extends ParseArgsOptionsConfig>(
  usage: string,
  options: Options,
  prepare: (values: commands.ValuesOf<Options>, rest: readonly string[]) => Work,
): commands.Command {
  const all = { ...LOAD_OPTIONS, json: { type: 'boolean' }, ...options } as const
  return commands.command({
    usage,
    options: all,
    run(values, [module = '', ...rest]) {
      // Not repeated: there may be a password in it.
      if (module === '' || module.includes('://')) throw commands.usageError(NO_MODULE)
      const work = prepare(values as commands.ValuesOf<Options>, rest)
      const { env, export: wanted } = values as commands.ValuesOf<typeof LOAD_OPTIONS>
      return quietly(async () => {
        takeVariables(env)
        const sessions = await load(module, wanted)
        if (sessions.describePolicy().store) return work(sessions as StoredSessions)
        throw commands.failure(IN_COOKIES, TAKE_A_STORE)
      })
    },
  })
}

const NO_MODULE = 'First give the module of your app that exports `sessions`, such as sessions.js.'
const IN_COOKIES = 'These sessions are kept in cookies, so no server knows them all.'
const TAKE_A_STORE =
  'To list or revoke sessions, keep them in a store: createSessions({ store: ... }).'

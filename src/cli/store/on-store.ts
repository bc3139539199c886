/** The common part of `list`, `revoke` and `prune`, which use the app's own sessions. */

import type { ParseArgsOptionsConfig } from 'node:util'
import type { StoredSessions } from '../../session/sessions.ts'
import * as commands from '../command/command.ts'
import { load, LOAD_OPTIONS, quietly, takeVariables } from '../command/load.ts'

export const STORE_USAGE = `list, revoke and prune load MODULE, a file of your app that makes \`sessions\`:
                  [--env .env]              loads the variables of a file
                  [--export NAME]           which sessions, if it exports several
                  [--json]                  prints JSON
`

/** The work of a command, once the app is loaded. */
export type Work = (sessions: StoredSessions) => Promise<commands.Answer>

/**
 * Makes a command on the sessions in an app's store.
 *
 * @param prepare reads the arguments after the module. If it throws ERR_USAGE, nothing is loaded.
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
      // The argument is not repeated: it may contain a password.
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

const NO_MODULE = 'Pass the module of your app that exports `sessions`, such as sessions.js.'
const IN_COOKIES = 'These sessions are in cookies, so no server has a list of them.'
const TAKE_A_STORE =
  'To list or revoke sessions, save them in a store: createSessions({ store: ... }).'

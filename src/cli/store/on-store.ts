/** What `list`, `revoke` and `prune` have in common: they work on the app's own sessions. */

import type { ParseArgsOptionsConfig } from 'node:util'
import type { StoredSessions } from '../../session/sessions.ts'
import {
  type Answer,
  type Command,
  command,
  failure,
  usageError,
  type ValuesOf,
} from '../command/command.ts'
import { load, LOAD_OPTIONS, quietly, takeVariables } from '../command/load.ts'
import { isUnavailable, reasonOf } from '../command/redact.ts'

export const STORE_USAGE = `of list, revoke and prune, which load MODULE, a file that exports \`sessions\`:
                  [--env .env]              with the variables of a file
                  [--export NAME]           which sessions, if it exports several
                  [--json]                  for programs
`

/** What is done once the app is loaded. */
export type Work = (sessions: StoredSessions) => Promise<Answer>

/**
 * A command on the sessions in an app's store.
 *
 * @param prepare reads what stands behind the module. @throws ERR_USAGE: then nothing is loaded
 */
export function onStore<const Options extends ParseArgsOptionsConfig>(
  usage: string,
  options: Options,
  prepare: (values: ValuesOf<Options>, rest: readonly string[]) => Work,
): Command {
  const all = { ...LOAD_OPTIONS, json: { type: 'boolean' }, ...options } as const
  return command({
    usage,
    options: all,
    run(values, [module = '', ...rest]) {
      // Not repeated: there may be a password in it.
      if (module === '' || module.includes('://')) throw usageError(NO_MODULE)
      const work = prepare(values as ValuesOf<Options>, rest)
      const { env, export: wanted } = values as ValuesOf<typeof LOAD_OPTIONS>
      return quietly(async () => {
        takeVariables(env)
        const sessions = await load(module, wanted)
        if (!sessions.describePolicy().store) throw failure(IN_COOKIES, TAKE_A_STORE)
        return work(sessions as StoredSessions).catch(explain)
      })
    },
  })
}

const NO_MODULE = 'First give the module of your app that exports `sessions`, such as sessions.js.'

const IN_COOKIES = 'These sessions are kept in cookies, so no server knows them all.'
const TAKE_A_STORE =
  'To list or revoke sessions, keep them in a store: createSessions({ store: ... }).'

/** What to do, by what the client of a store says. */
const REMEDIES: readonly [says: RegExp, remedy: string][] = [
  [/WRONGPASS|NOAUTH|28P01|28000/, 'The user or the password that the app has is wrong.'],
  [/ECONNREFUSED|ENOTFOUND/, 'Nothing listens at the address that the app has. Start it there.'],
  [/(?:)/, 'Start it, or look at the address and the password that the app has.'],
]

function explain(error: unknown): never {
  if (!isUnavailable(error)) throw error
  const reason = reasonOf(error)
  // Without a cause it is the library that speaks: "The store did not ...: why. What visitors get."
  const [, why = reason] = (!error.cause && /: (.*?)\. /.exec(reason)) || []
  const [, remedy] = REMEDIES.find(([says]) => says.test(why))!
  throw failure(`The store cannot be used: ${why.replace(/\.$/, '')}.`, remedy)
}

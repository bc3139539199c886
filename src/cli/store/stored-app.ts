/** What `list`, `revoke` and `prune` have in common: the app's own sessions, and how they answer. */

import type { ParseArgsOptionsConfig } from 'node:util'
import type { StoredSessions } from '../../session/sessions.ts'
import { understood, usageError } from '../command/arguments.ts'
import { load, LOAD_OPTIONS, type LoadOptions, quietly } from '../command/load.ts'
import { isUnavailable, reasonOf } from '../command/redact.ts'
import { jsonText } from '../command/terminal.ts'

export const STORE_USAGE = `of list, revoke and prune, which load MODULE, a file that exports \`sessions\`:
                  [--env .env]              with the variables of a file
                  [--export NAME]           which sessions, if it exports several
                  [--json]                  for programs
`

/** What a command answers with. */
export interface Answer {
  /** For people. What comes from a session is made printable by whoever puts it in. */
  text: string
  /** For programs. */
  json: unknown
  /** @default 0 */
  code?: number
}

/** Reads the command line: the module, what else was given, and the options. */
export function storeArguments<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
) {
  const all = { ...options, ...LOAD_OPTIONS, json: { type: 'boolean' } } as const
  const { values, positionals } = understood(args, all)
  const [module = '', ...rest] = positionals
  // Not repeated: there may be a password in it.
  if (module === '' || module.includes('://')) {
    throw usageError(
      'First give the module of your app that exports `sessions`, such as sessions.js.',
    )
  }
  return { values: values as typeof values & { json?: boolean } & LoadOptions, module, rest }
}

/** Loads the app, has the work done on its sessions, prints the answer, and gives the exit code. */
export async function withSessions(
  module: string,
  options: LoadOptions & { json?: boolean },
  work: (sessions: StoredSessions) => Promise<Answer>,
): Promise<number> {
  const {
    text,
    json,
    code = 0,
  } = await quietly(async () => {
    const loaded = await load(module, options)
    if ('says' in loaded) throw new Error(`${loaded.says} ${loaded.remedy}`)
    if (!loaded.sessions.describePolicy().store) throw new Error(IN_COOKIES)
    return work(loaded.sessions as StoredSessions).catch(explain)
  })
  const output = options.json ? jsonText(json) : text
  process.stdout.write(`${output}\n`)
  return code
}

const IN_COOKIES =
  'These sessions are kept in cookies, so no server knows them all. To list or revoke sessions, keep ' +
  'them in a store: createSessions({ store: ... }).'

function explain(error: unknown): never {
  const reason = reasonOf(error)
  throw new Error(isUnavailable(error) ? `The store cannot be used: ${reason}` : reason)
}

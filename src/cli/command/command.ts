/** What a command is: what it takes, what the help says of it, and what it answers. */

import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { jsonText } from './terminal.ts'

/** What a command answers with. */
export interface Answer {
  /** For people, without the last line end. Whoever puts a stranger's text in makes it printable. */
  text: string
  /** What `--json` prints instead. */
  json?: unknown
  /** The exit code. @default 0 */
  code?: number
}

/** A command: its part of the help, and what it does with its arguments. */
export interface Command {
  readonly usage: string
  /** @throws ERR_USAGE where they are not understood, before anything is done */
  run(args: readonly string[]): Promise<{ output: string; code: number }>
}

/** What the options of a command come to. */
export type ValuesOf<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof understood<Options>
>['values']

/** How a command is described. */
interface Description<Options extends ParseArgsOptionsConfig> {
  usage: string
  options: Options
  run(values: ValuesOf<Options>, positionals: readonly string[]): Answer | Promise<Answer>
}

/** Makes a command, which reads its arguments and answers as text or, with `--json`, as JSON. */
export function command<const Options extends ParseArgsOptionsConfig>({
  usage,
  options,
  run,
}: Description<Options>): Command {
  return {
    usage,
    async run(args) {
      const { values, positionals } = understood(args, options)
      const { text, json, code = 0 } = await run(values, positionals)
      return { output: 'json' in values ? jsonText(json) : text, code }
    },
  }
}

/** A command that was not understood: exit code 2. Never repeats a value, which could be a secret. */
export function usageError(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_USAGE' })
}

/** Something that failed, and what to do about it. Both are shown as they are. */
export function failure(says: string, remedy: string): Error {
  return Object.assign(new Error(says), { remedy })
}

// One handle in 64 begins with "-", as no option of that length does.
const HANDLE_LIKE_OPTION = /^-[\w-]{21}$/

/** No argument can hold it, so behind it anything is an argument. */
const SHIELD = '\0'

/**
 * Reads a command line. A handle that begins with "-" is taken for what it is.
 *
 * @throws ERR_USAGE which repeats no more than an option's name
 */
function understood<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
) {
  const shielded = args.map((arg) => (HANDLE_LIKE_OPTION.test(arg) ? SHIELD + arg : arg))
  try {
    const { values, positionals } = parseArgs({ args: shielded, allowPositionals: true, options })
    const bare = Object.entries(values).map(([name, value]) => [name, withoutShield(value)])
    return {
      values: Object.fromEntries(bare) as typeof values,
      positionals: positionals.map(withoutShield) as string[],
    }
  } catch (error) {
    const [first = ''] = error instanceof Error ? error.message.split(/\.|\n/) : []
    const isKnown = /^(?:Unknown option '-{1,2}[a-z]{1,12}'|Option '--[a-z]+[^']*' .*)$/.test(first)
    throw usageError(
      `${isKnown ? first : 'That is no option'}. Arguments that begin with "-" go behind a "--".`,
    )
  }
}

function withoutShield(value: unknown): unknown {
  return typeof value === 'string' && value.startsWith(SHIELD) ? value.slice(1) : value
}

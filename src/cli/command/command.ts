/** Defines a command: its options, its help, and its output as text or JSON. */

import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { jsonText } from './terminal.ts'

/** The result of a command. */
export interface Answer {
  /** The output for people, without the last line end. Text of visitors must be made printable. */
  text: string
  /** The output with `--json`. */
  json?: unknown
  /** The exit code. @default 0 */
  code?: number
}

/** A command: its part of the help, and the function that runs it. */
export interface Command {
  readonly usage: string
  /** @throws ERR_USAGE for invalid arguments, before anything is done */
  run(args: readonly string[]): Promise<{ output: string; code: number }>
}

/** The values of a command's options. */
export type ValuesOf<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof understood<Options>
>['values']

/** The definition of a command. */
interface Description<Options extends ParseArgsOptionsConfig> {
  usage: string
  options: Options
  run(values: ValuesOf<Options>, positionals: readonly string[]): Answer | Promise<Answer>
}

/** Makes a command. It parses its arguments, and prints text or, with `--json`, JSON. */
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

/** The error for invalid arguments: exit code 2. The message must not repeat a value: it may be a secret. */
export function usageError(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_USAGE' })
}

/** An error with what failed and what to do. Both are shown unchanged. */
export function failure(says: string, remedy: string): Error {
  return Object.assign(new Error(says), { remedy })
}

// One handle in 64 begins with "-". No option has that length.
const HANDLE_LIKE_OPTION = /^-[\w-]{21}$/

/** Put before such a handle, so that it is not parsed as an option. No argument can contain it. */
const SHIELD = '\0'

/**
 * Parses the arguments. A handle that begins with "-" is not an option.
 *
 * @throws ERR_USAGE, whose message repeats only the name of an option
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
      `${isKnown ? first : 'That is not an option'}. Write "--" before arguments that begin with "-".`,
    )
  }
}

function withoutShield(value: unknown): unknown {
  return typeof value === 'string' && value.startsWith(SHIELD) ? value.slice(1) : value
}

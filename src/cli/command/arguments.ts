/** Reads arguments that may be handles or hold a password: the first are kept, the others not told. */

import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'

// One handle in 64 begins with "-", as no option of that length does.
const HANDLE_LIKE_OPTION = /^-[\w-]{21}$/

/** No argument can hold it, so behind it anything is an argument. */
const SHIELD = '\0'

/** A command that was not understood: exit code 2. Never repeats a value, which could be a secret. */
export function usageError(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_USAGE' })
}

/**
 * Reads a command line. A handle that begins with "-" is taken for what it is.
 *
 * @throws ERR_USAGE which repeats no more than an option's name
 */
export function understood<const Options extends ParseArgsOptionsConfig>(
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

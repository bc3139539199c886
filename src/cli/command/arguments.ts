/** Reads arguments that may be handles or hold a password: the first are kept, the others not told. */

import { usageError } from './usage-error.ts'

// One handle in 64 begins with "-", as no option of that length does.
const HANDLE_LIKE_OPTION = /^-[\w-]{21}$/

/** No argument can hold it, so behind it anything is an argument. */
const SHIELD = '\0'

/**
 * Reads a command line with `parseArgs`.
 *
 * A handle that begins with "-" is taken for what it is. A mistake is told without repeating more
 * than an option's name.
 */
export function understood<Parsed extends { values: object; positionals: string[] }>(
  args: readonly string[],
  parse: (args: string[]) => Parsed,
): Parsed {
  const { values, positionals } = parsed(args, parse)
  const bare = Object.entries(values).map(([name, value]) => [name, withoutShield(value)])
  return { values: Object.fromEntries(bare), positionals: positionals.map(withoutShield) } as Parsed
}

function parsed<Parsed>(args: readonly string[], parse: (args: string[]) => Parsed): Parsed {
  try {
    return parse(args.map((arg) => (HANDLE_LIKE_OPTION.test(arg) ? SHIELD + arg : arg)))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!code.startsWith('ERR_PARSE_ARGS')) throw error
    const [first = ''] = (error as Error).message.split(/\.|\n/)
    const isKnown = /^(?:Unknown option '-{1,2}[a-z]{1,12}'|Option '--[a-z]+[^']*' .*)$/.test(first)
    throw usageError(
      `${isKnown ? first : 'That is no option'}. Arguments that begin with "-" go behind a "--".`,
    )
  }
}

function withoutShield<Value>(value: Value): Value | string {
  return typeof value === 'string' && value.startsWith(SHIELD) ? value.slice(1) : value
}

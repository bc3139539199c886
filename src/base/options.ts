/** Option checks that throw ERR_OPTION_INVALID. */

import { SessionError } from './errors.ts'

/** The error for an invalid option. `why` follows the option's name: `'has to be text'`. */
export function invalid(option: string, why: string): SessionError {
  return new SessionError('ERR_OPTION_INVALID', option, why)
}

/**
 * Throws if an object has a key that is not a known option: a misspelling would be ignored silently.
 * `instead`: what to write in place of options of other libraries, or that belong elsewhere.
 */
export function refuseUnknown(
  given: object,
  known: readonly string[],
  prefix: string,
  instead: Readonly<Record<string, string>> = {},
): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    const remedy = Object.hasOwn(instead, name) ? `${instead[name]}. ` : ''
    throw invalid(`${prefix}${name}`, `is not known. ${remedy}There are: ${known.join(', ')}`)
  }
}

/** The option's bytes, or the most that there can be. `of`: what has no more. */
export function bytesUpTo(
  given: number | undefined,
  most: number,
  option: string,
  of: string,
): number {
  if (given === undefined) return most
  if (!Number.isSafeInteger(given) || given < FEWEST_BYTES) {
    throw invalid(option, `has to be a whole number of bytes, ${FEWEST_BYTES} or more`)
  }
  if (given > most) throw invalid(option, `is more than the ${most} bytes of ${of}`)
  return given
}

/** Less than this has no room for who is signed in. */
const FEWEST_BYTES = 256

/** Throws unless the value is an object and not an array. `example`: one, for the message. */
export function requireObject(given: unknown, option: string, example?: string): object {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given
  throw invalid(option, `has to be an object${example ? `, such as ${example}` : ''}`)
}

/** Throws unless the value is one of these texts. */
export function oneOf<Choice extends string>(
  given: Choice,
  choices: readonly Choice[],
  option: string,
): Choice {
  if (choices.includes(given)) return given
  throw invalid(option, `has to be ${choices.map((choice) => `'${choice}'`).join(' or ')}`)
}

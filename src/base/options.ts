/** Checks of options: what they all refuse, and the error they refuse it with. */

import { SessionError } from './errors.ts'

/** The error for an option that is wrong. `why` goes on after its name: `'has to be text'`. */
export function invalid(option: string, why: string): SessionError {
  return new SessionError('ERR_OPTION_INVALID', option, why)
}

/** Refuses a name that is no option, which is a misspelling and would be ignored silently. */
export function refuseUnknown(given: object, known: readonly string[], prefix: string): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    throw invalid(`${prefix}${name}`, `is not known. There are: ${known.join(', ')}`)
  }
}

/** Refuses anything but an object. */
export function requireObject(given: unknown, option: string): object {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given
  throw invalid(option, 'has to be an object')
}

/** Refuses anything but one of these texts. */
export function oneOf<Choice extends string>(
  given: Choice,
  choices: readonly Choice[],
  option: string,
): Choice {
  if (choices.includes(given)) return given
  throw invalid(option, `has to be ${choices.map((choice) => `'${choice}'`).join(' or ')}`)
}

/** Parses durations: `'30m'`, `'2h'`, `'31d'`, or milliseconds. */

import { invalid } from './options.ts'

/**
 * A length of time: `'250ms'`, `'45s'`, `'30m'`, `'2h'`, `'31d'`, `'2w'`, or a number of milliseconds,
 * never of seconds. express-session's `maxAge` is in milliseconds too; Flask's times are in seconds.
 */
export type Duration = number | string

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/**
 * Converts a duration to milliseconds.
 *
 * A number below 60000 throws: it was probably meant as seconds, as in Flask or Redis.
 *
 * @throws ERR_OPTION_INVALID if it is not a duration; `option` is the option's name in the message.
 */
export function milliseconds(duration: Duration, option: string): number {
  if (typeof duration === 'number') {
    if (Number.isFinite(duration) && duration >= 60_000) return duration
    throw invalid(
      option,
      "is a number of milliseconds below one minute; seconds were probably meant. Write '45s' or '30m'",
    )
  }
  // duration = 1*DIGIT ["." 1*DIGIT] ("ms" / "s" / "m" / "h" / "d" / "w")
  const match =
    typeof duration === 'string' ? /^(\d+(?:\.\d+)?)\s*(ms|[smhdw])$/.exec(duration) : null
  const amount = match ? Number(match[1]) * UNITS[match[2]!]! : 0
  if (amount > 0 && Number.isFinite(amount)) return amount
  throw invalid(option, "is not a duration. Write '30m', '2h', '31d' or a number of milliseconds")
}

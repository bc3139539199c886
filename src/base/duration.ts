/** Parses durations: `'30m'`, `'2h'`, `'31d'`. */

import { invalid } from './options.ts'

/**
 * A length of time with its unit: `'250ms'`, `'45s'`, `'30m'`, `'2h'`, `'31d'` or `'2w'`.
 *
 * A bare number is not a duration: in express-session it would be milliseconds, in Flask and Redis
 * seconds.
 */
export type Duration = string

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
 * @throws ERR_OPTION_INVALID if it is not a duration; `option` is the option's name in the message.
 */
export function milliseconds(duration: unknown, option: string): number {
  // duration = 1*DIGIT ["." 1*DIGIT] ("ms" / "s" / "m" / "h" / "d" / "w")
  const match =
    typeof duration === 'string' ? /^(\d+(?:\.\d+)?)\s*(ms|[smhdw])$/.exec(duration) : null
  const amount = match ? Number(match[1]) * UNITS[match[2]!]! : 0
  if (amount > 0 && Number.isFinite(amount)) return amount
  const number = typeof duration === 'bigint' ? Number(duration) : duration
  const isNumber = typeof number === 'number' || /^\d+$/.test(String(number))
  if (isNumber && Number(number) > 0 && Number(number) < 1e15) {
    const [ms, seconds] = [durationOf(Number(number)), durationOf(Number(number) * 1000)]
    throw invalid(
      option,
      `needs a unit: write '${seconds}' if ${number} means seconds, '${ms}' if milliseconds`,
    )
  }
  const found = duration === undefined ? 'is not a duration: it is undefined' : 'is not a duration'
  const units = Object.keys(UNITS).join(', ')
  throw invalid(option, `${found}. Write '30m', '2h' or '31d', above 0, in one of ${units}`)
}

/** Milliseconds as a duration, in the largest unit up to a day that divides them: `'36h'`. */
export function durationOf(length: number): Duration {
  const unit = ['d', 'h', 'm', 's'].find((name) => !(length % UNITS[name]!)) ?? 'ms'
  return `${length / UNITS[unit]!}${unit}`
}

/** Durations as people write them: `'30m'`, `'2h'`, `'31d'`. */

import { SessionError } from './errors.ts'

/** A length of time: a number of milliseconds, or text such as `'250ms'`, `'45s'`, `'30m'`, `'2h'`, `'31d'`, `'2w'`. */
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
 * Reads a duration as milliseconds.
 *
 * A bare number under a minute is refused: it was almost certainly meant as seconds.
 *
 * @throws ERR_OPTION_INVALID for anything else.
 */
export function milliseconds(duration: Duration, option: string): number {
  if (typeof duration === 'number') {
    if (Number.isFinite(duration) && duration >= 60_000) return duration
    throw new SessionError(
      'ERR_OPTION_INVALID',
      option,
      "is a bare number under one minute of milliseconds; seconds were probably meant. Write '45s' or '30m'",
    )
  }
  // duration = 1*DIGIT ["." 1*DIGIT] ("ms" / "s" / "m" / "h" / "d" / "w")
  const match =
    typeof duration === 'string' ? /^(\d+(?:\.\d+)?)\s*(ms|[smhdw])$/.exec(duration) : null
  const amount = match ? Number(match[1]) * UNITS[match[2]!]! : 0
  if (amount > 0 && Number.isFinite(amount)) return amount
  throw new SessionError(
    'ERR_OPTION_INVALID',
    option,
    "is not a duration. Write '30m', '2h' or '31d'",
  )
}

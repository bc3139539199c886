/** Numbers and lengths of time in words. */

/** So many of a thing: `1 session`, `2 sessions`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

const UNITS: readonly [seconds: number, noun: string][] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
]

/** A length of time, exactly: `30 days`, `90 minutes`. */
export function span(seconds: number): string {
  const found = UNITS.find(([unit]) => seconds % unit === 0 && seconds > 0)
  const [unit, noun] = found ?? [1, 'second']
  return counted(seconds / unit, noun)
}

/** About how long: in the largest unit that fits, rounded down. */
export function roughly(seconds: number): string {
  const [unit, noun] = UNITS.find(([unit]) => seconds >= unit) ?? [1, 'second']
  return counted(Math.floor(seconds / unit), noun)
}

/** Formats counts and durations in words. */

/** A count with its noun: `1 session`, `2 sessions`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

const UNITS = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const

/** A duration, exactly: `30 days`, `90 minutes`. */
export function span(seconds: number): string {
  const [unit, noun] = UNITS.find(([unit]) => seconds % unit === 0 && seconds > 0) ?? UNITS[3]
  return counted(seconds / unit, noun)
}

/** A time relative to now, rounded down: `3 days ago`, `in 1 hour`. */
export function roughly(seconds: number): string {
  const [unit, noun] = UNITS.find(([unit]) => Math.abs(seconds) >= unit) ?? UNITS[3]
  return new Intl.RelativeTimeFormat('en').format(Math.trunc(seconds / unit), noun)
}

/** HTTP dates of Flask's ` d` tag: written as IMF-fixdate, parsed as leniently as by Python's `email.utils`. */

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const LONG_MONTHS =
  'january february march april may june july august september october november december'.split(' ')
const DAYS = new Set('mon tue wed thu fri sat sun'.split(' '))
/** The offsets of time zones with a name, as in `-0400`. Other names mean 0, as UTC does. */
const ZONES: Readonly<Record<string, number>> = Object.fromEntries(
  ['AST ADT', 'EST EDT', 'CST CDT', 'MST MDT', 'PST PDT'].flatMap((names, at) =>
    names.split(' ').map((name, summer) => [name, (at + 4 - summer) * -100]),
  ),
)

/** Formats a date as IMF-fixdate (RFC 9110 section 5.6.7). Fractions of a second are dropped, as in Flask. */
export function writeHttpDate(date: Date): string {
  return date.toUTCString()
}

/**
 * Parses a date; returns `undefined` where `email.utils.parsedate_to_datetime` would raise.
 *
 * RFC 2822 with its obsolete forms, RFC 850 and asctime. The day of the week is not checked; two
 * digits of a year mean 1969 to 2068; a date without a zone is in UTC.
 */
export function readHttpDate(text: string): Date | undefined {
  const parts = splitDate(text)
  if (!parts) return undefined
  let { day, month, year, time, zone } = parts
  let monthNumber = monthIndex(month)
  if (monthNumber < 0) {
    ;[day, month] = [month, day]
    monthNumber = monthIndex(month)
    if (monthNumber < 0) return undefined
  }
  day = withoutComma(day)
  if (year.indexOf(':') > 0) [year, time] = [time, year]
  year = withoutComma(year)
  if (year === '') return undefined
  if (!/^\d/.test(year)) [year, zone] = [zone, year]
  const clock = splitTime(withoutComma(time))
  const numbers = [year, day, ...(clock ?? [])].map(integer)
  const [yy, dd, hours, minutes, seconds] = numbers
  if (!clock || numbers.some((number) => number === undefined)) return undefined
  const fullYear = yy! < 100 ? (yy! > 68 ? yy! + 1900 : yy! + 2000) : yy!
  return moment([fullYear, monthNumber, dd!, hours!, minutes!, seconds!], offsetSeconds(zone))
}

interface DateParts {
  day: string
  month: string
  year: string
  time: string
  zone: string
}

function splitDate(text: string): DateParts | undefined {
  let words = text.split(/\s+/).filter((word) => word !== '')
  const [first] = words
  if (first === undefined) return undefined
  if (first.endsWith(',') || DAYS.has(first.toLowerCase())) words = words.slice(1)
  else words = [first.slice(first.lastIndexOf(',') + 1), ...words.slice(1)]
  if (words.length === 3) {
    const dashed = words[0]!.split('-') // RFC 850: 06-Nov-94
    if (dashed.length === 3) words = [...dashed, ...words.slice(1)]
  }
  if (words.length === 4) words = [...words.slice(0, 3), ...splitZone(words[3]!)]
  const [day, month, year, time, zone] = words
  if (!day || !month || !year || time === undefined || zone === undefined) return undefined
  return { day, month, year, time, zone }
}

function splitZone(time: string): [string, string] {
  const plus = time.indexOf('+')
  const sign = plus < 0 ? time.indexOf('-') : plus
  return sign > 0 ? [time.slice(0, sign), time.slice(sign)] : [time, '']
}

function splitTime(time: string): string[] | undefined {
  let parts = time.split(':')
  if (parts.length === 1 && time.includes('.')) parts = time.split('.')
  if (parts.length === 2) return [...parts, '0']
  return parts.length === 3 ? parts : undefined
}

function monthIndex(month: string): number {
  const lower = month.toLowerCase()
  return Math.max(MONTHS.indexOf(lower), LONG_MONTHS.indexOf(lower))
}

function withoutComma(text: string): string {
  return text.endsWith(',') ? text.slice(0, -1) : text
}

/** Python's `int()` of a text. */
function integer(text: string): number | undefined {
  return /^[+-]?\d+(_\d+)*$/.test(text) ? Number(text.replaceAll('_', '')) : undefined
}

function offsetSeconds(zone: string): number {
  const named = ZONES[zone.toUpperCase()]
  const offset = named ?? integer(zone) ?? 0
  const size = Math.abs(offset)
  return Math.sign(offset) * (Math.floor(size / 100) * 3600 + (size % 100) * 60)
}

/** The date, or `undefined` where Python's `datetime` would raise. */
function moment(fields: readonly number[], offset: number): Date | undefined {
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = fields
  const date = new Date(0)
  date.setUTCFullYear(year, month, day)
  date.setUTCHours(hours, minutes, seconds)
  // A field that is out of range has changed the next one.
  const made = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  made.push(date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds())
  const isInRange = made.every((field, at) => field === fields[at])
  const isReal = isInRange && year >= 1 && year <= 9999 && Math.abs(offset) < 86_400
  return isReal ? new Date(date.getTime() - offset * 1000) : undefined
}

/** A description laid out for people. */

import { printable } from '../../base/printable.ts'
import type { Description } from './description.ts'
import { prettyJson } from '../command/terminal.ts'

/** The page on one cookie. Every text from the cookie is made printable. */
export function page(cookie: Description, now: number): string {
  return [
    ...rows(facts(cookie, now)),
    ...section(
      'parts',
      rows(cookie.parts.map(({ name, text, says }) => [name, `${shortened(text)}  ${says}`])),
    ),
    ...section(
      'attributes',
      cookie.attributes.map((attribute) => `  ${printable(attribute)}`),
    ),
    ...cookie.payloads.flatMap(({ label, text }) =>
      section(HEADINGS[label] ?? label, indented(prettyJson(text))),
    ),
    ...section(
      'notes',
      cookie.notes.map((note) => `  ${printable(note)}`),
    ),
    '',
  ].join('\n')
}

function facts(cookie: Description, now: number): [string, string][] {
  const { size, times, session } = cookie
  const list: [string, string | null][] = [
    ['cookie', cookie.title],
    ['name', cookie.name],
    ['verified', `${verdictOf(cookie)}: ${cookie.verification}`],
    ['size', sizeOf(size)],
    ['compressed', cookie.compressed === null ? null : cookie.compressed ? 'yes' : 'no'],
    ['signed', dated(times.signed, now)],
    ['created', dated(times.created, now)],
    ['signed in', dated(times.authenticated, now)],
  ]
  if (session) {
    list.push(
      ['user id', session.userId ?? 'none: anonymous'],
      ['label', session.label],
      ['permanent', session.permanent ? 'yes' : 'no: it ends with the browser'],
      ['flashes', session.flashes > 0 ? `${session.flashes} waiting` : null],
    )
  }
  return list.filter((row): row is [string, string] => row[1] !== null)
}

function verdictOf({ verified }: Description): string {
  if (verified === null) return 'not verified'
  return verified ? 'yes' : 'NO'
}

function sizeOf({ value, nameAndValue, limit }: Description['size']): string {
  const whole = nameAndValue === null ? '' : `, ${nameAndValue} with its name`
  return `${value} bytes${whole}; browsers keep ${limit}, name included`
}

const HEADINGS: Readonly<Record<string, string>> = {
  meta: "meta: the library's own (c created, n nonce, a signed in, u user id, p permanent, f flashes, l label)",
}

function rows(list: readonly (readonly [string, string])[]): string[] {
  return list.map(([label, text]) => `  ${label.padEnd(12)}${printable(text)}`)
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length > 0 ? ['', title, ...lines] : []
}

function indented(text: string): string[] {
  return text.split('\n').map((line) => `  ${line}`)
}

/** Enough of a part to find it again; a page in a bug report is then no cookie. */
function shortened(text: string): string {
  return text.length > 16 ? `${text.slice(0, 8)}… (${text.length} characters)` : text
}

const UNITS: readonly [number, string][] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
]

function dated(time: string | null, now: number): string | null {
  if (time === null) return null
  const seconds = Math.round((now - Date.parse(time)) / 1000)
  const size = Math.abs(seconds)
  const [unit, name] = UNITS.find(([unit]) => size >= unit) ?? [1, 'second']
  const count = Math.floor(size / unit)
  const distance = `${count} ${name}${count === 1 ? '' : 's'}`
  return `${time} (${seconds < 0 ? `in ${distance}` : `${distance} ago`})`
}

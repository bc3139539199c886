/** A description laid out for people. */

import { printable } from '../../base/printable.ts'
import { prettyJson } from '../command/terminal.ts'
import { roughly } from '../command/wording.ts'
import type { Description } from './description.ts'

/** The page on one cookie. Every text from the cookie is made printable. */
export function page(cookie: Description, now: number): string {
  const { parts, attributes, payloads, notes } = cookie
  return [
    ...rows(facts(cookie, now)),
    ...section(
      'parts',
      rows(parts.map(({ name, text, says }) => [name, `${shortened(text)}  ${says}`])),
    ),
    ...section('attributes', attributes.map(indented)),
    ...payloads.flatMap(({ label, text }) =>
      section(
        label === 'meta' ? META : label,
        prettyJson(text)
          .split('\n')
          .map((line) => `  ${line}`),
      ),
    ),
    ...section('notes', notes.map(indented)),
    '',
  ].join('\n')
}

const META =
  "meta: the library's own (c created, n nonce, a signed in, u user id, p permanent, f flashes, l label)"

function facts(cookie: Description, now: number): [string, string | null][] {
  const { size, times, session, compressed, verified } = cookie
  const verdict = verified === null ? 'not verified' : verified ? 'yes' : 'NO'
  const whole = size.nameAndValue === null ? '' : `, ${size.nameAndValue} with its name`
  return [
    ['cookie', cookie.title],
    ['name', cookie.name],
    ['verified', `${verdict}: ${cookie.verification}`],
    ['size', `${size.value} bytes${whole}; browsers keep ${size.limit}, name included`],
    ['compressed', compressed === null ? null : compressed ? 'yes' : 'no'],
    ['signed', dated(times.signed, now)],
    ['created', dated(times.created, now)],
    ['signed in', dated(times.authenticated, now)],
    ['user id', session && (session.userId ?? 'none: anonymous')],
    ['label', session && session.label],
    ['permanent', session && (session.permanent ? 'yes' : 'no: it ends with the browser')],
    ['flashes', session && session.flashes > 0 ? `${session.flashes} waiting` : null],
  ]
}

/** A line each for what there is. */
function rows(list: readonly (readonly [string, string | null])[]): string[] {
  return list.flatMap(([label, text]) => {
    return text === null ? [] : [`  ${label.padEnd(12)}${printable(text)}`]
  })
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length > 0 ? ['', title, ...lines] : []
}

function indented(line: string): string {
  return `  ${printable(line)}`
}

/** Enough of a part to find it again; a page in a bug report is then no cookie. */
function shortened(text: string): string {
  return text.length > 16 ? `${text.slice(0, 8)}… (${text.length} characters)` : text
}

function dated(time: string | null, now: number): string | null {
  if (time === null) return null
  const seconds = Math.round((now - Date.parse(time)) / 1000)
  const distance = roughly(Math.abs(seconds))
  return `${time} (${seconds < 0 ? `in ${distance}` : `${distance} ago`})`
}

/** Formats a description for people. */

import { printable } from '../../base/printable.ts'
import { columns, prettyJson } from '../command/terminal.ts'
import { roughly, span } from '../command/wording.ts'
import type { Description } from '../../inspect/description.ts'

/** The page for one cookie. Every text from the cookie is made printable. */
export function page(cookie: Description, now: number): string {
  const { parts, attributes, payloads, notes } = cookie
  const sections: [title: string, text: string][] = [
    ['parts', columns(parts.map(({ name, text, says }) => [name, `${shortened(text)}  ${says}`]))],
    ['attributes', attributes.map(printable).join('\n')],
    ...payloads.map(({ label, text }): [string, string] => [
      label === 'meta' ? META : label,
      prettyJson(text),
    ]),
    ['notes', notes.map(printable).join('\n')],
  ]
  return [
    `${indented(columns(facts(cookie, now)))}\n`,
    ...sections.flatMap(([title, text]) => (text ? [`${title}\n${indented(text)}\n`] : [])),
  ].join('\n')
}

const META =
  "meta: the library's own (c created, n nonce, a signed in, u user id, p permanent, f flashes, l label, t lifetime, d domain and path, v version)"

/** The facts that are known, one row each. */
function facts(cookie: Description, now: number): [string, string][] {
  const { size, times, session, compressed, verified } = cookie
  const verdict = verified === null ? 'not verified' : verified ? 'yes' : 'NO'
  const whole = size.nameAndValue === null ? '' : `, ${size.nameAndValue} with its name`
  const rows: [string, string | null][] = [
    ['cookie', cookie.title],
    ['name', cookie.name],
    ['verified', `${verdict}: ${cookie.verification}`],
    ['size', `${size.value} bytes${whole}; browsers store ${size.limit}, including the name`],
    ['compressed', compressed === null ? null : compressed ? 'yes' : 'no'],
    ['signed', dated(times.signed, now)],
    ['created', dated(times.created, now)],
    ['signed in', dated(times.authenticated, now)],
    ['user id', session && (session.userId ?? 'none: anonymous')],
    ['label', session && session.label],
    ['permanent', session && (session.permanent ? 'yes' : 'no: until the browser is closed')],
    ['lifetime', session && lifetimeIn(session)],
    ['flashes', session && session.flashes > 0 ? `${session.flashes} waiting` : null],
  ]
  return rows.filter((row): row is [string, string] => row[1] !== null)
}

/** The session's own timeouts. */
function lifetimeIn({ lifetime }: NonNullable<Description['session']>): string | null {
  if (!lifetime) return null
  const { idle, absolute } = lifetime
  const parts = [
    ...(idle === undefined ? [] : [`idle timeout ${span(idle)}`]),
    ...(absolute === undefined ? [] : [`absolute timeout ${span(absolute)}`]),
  ]
  return parts.join(', ')
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}

/** The beginning of a part, so that a page in a bug report does not contain a usable cookie. */
function shortened(text: string): string {
  return text.length > 16 ? `${text.slice(0, 8)}… (${text.length} characters)` : text
}

function dated(time: string | null, now: number): string | null {
  return time && `${time} (${roughly((Date.parse(time) - now) / 1000)})`
}

/** Flask-Login's keys of a login: `_fresh`, and `_id`, which its session protection compares. */

import { createHash } from 'node:crypto'
import type { RequestFacts } from '../http/request-facts.ts'

/**
 * The keys that `login_user` writes beside `_user_id`.
 *
 * `_id` is `undefined`, which deletes it, if nobody knows the visitor's address: Flask-Login then
 * takes the login for one that is not fresh.
 */
export function flaskLoginKeys(facts: RequestFacts): { _fresh: true; _id: string | undefined } {
  const address = facts.header('x-forwarded-for') ?? facts.address
  return {
    _fresh: true,
    _id:
      address === undefined
        ? undefined
        : identifier(firstOf(address), facts.header('user-agent') ?? undefined),
  }
}

/** The first address of X-Forwarded-For. An IPv4 visitor of an IPv6 socket has a longer spelling. */
function firstOf(address: string): string {
  return address
    .split(',')[0]!
    .replace(/^[ \t\n\r\v\f]+|[ \t\n\r\v\f]+$/g, '')
    .replace(/^::ffff:(?=\d+\.)/i, '')
}

/** Flask-Login's `_create_identifier`. */
function identifier(address: string, userAgent: string | undefined): string {
  const agent = userAgent === undefined ? 'None' : bytesRepr(userAgent)
  return createHash('sha512')
    .update(`${bytesRepr(address)}|${agent}`)
    .digest('hex')
}

/** Python's `repr(text.encode('utf-8'))`. */
function bytesRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  let inside = ''
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte)
    if (character === quote || character === '\\') inside += `\\${character}`
    else if (byte >= 0x20 && byte < 0x7f) inside += character
    else inside += SHORT[character] ?? `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return `b${quote}${inside}${quote}`
}

const SHORT: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/**
 * The deliberate deviations from Flask, each recognised by what a case holds and never by its name.
 * `docs/flask.md` has them in one table, with the reasons.
 */

import { inflateSync } from 'node:zlib'
import { decodeSeconds } from '../../src/crypto/signed.ts'

const CANONICAL = /^[A-Za-z0-9_-]*$/

function isCanonical(segment: string): boolean {
  if (!CANONICAL.test(segment) || segment.length % 4 === 1) return false
  return Buffer.from(segment, 'base64url').toString('base64url') === segment
}

/** Why a cookie that Flask accepts is refused here, judged from the cookie alone. */
export function refusedCookie(cookie: string): string | undefined {
  const parts = cookie.split('.')
  if (parts.length < 3) return undefined
  const [signature, timestamp] = [parts.at(-1)!, parts.at(-2)!]
  const body = parts.slice(0, -2).join('.')
  const packed = body.startsWith('.') ? body.slice(1) : body
  if (![signature, timestamp, packed].every(isCanonical)) return 'base64 that is not canonical'
  const bytes = Buffer.from(packed, 'base64url')
  const text = body.startsWith('.') ? inflated(bytes) : bytes.toString('utf8')
  if (text === undefined) return undefined
  if (Buffer.byteLength(text) > 65_536) return 'more than 64 KiB when inflated'
  if (depthOf(text) > 64) return 'nested deeper than 64'
  return undefined
}

/** Whether a cookie was signed up to a minute ahead, as by a server whose clock is ahead of ours. */
export function isSignedAhead(cookie: string, now: number): boolean {
  const seconds = decodeSeconds(cookie.split('.').at(-2) ?? '')
  return seconds !== undefined && seconds > now && seconds <= now + 60
}

function inflated(bytes: Buffer): string | undefined {
  try {
    return inflateSync(bytes).toString('utf8')
  } catch {
    return undefined
  }
}

function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  for (const character of text.replace(/"(?:[^"\\]|\\.)*"/g, '')) {
    if (character === '[' || character === '{') deepest = Math.max(deepest, ++depth)
    if (character === ']' || character === '}') depth--
  }
  return deepest
}

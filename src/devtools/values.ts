/** How the inspector shows the data of a session: type, size and the start of each value. */

import { printableShort } from '../base/printable.ts'
import type { Session } from '../session/session.ts'

/** One key of the session. */
export interface KeyView {
  readonly key: string
  readonly type: string
  /** Bytes of its JSON; of binary data as base64. */
  readonly bytes: number
  /** The start of its JSON. Control and invisible characters are escaped. */
  readonly value: string
}

/** At most so many keys are shown, the largest. */
const MOST_KEYS = 200

/** At most so many characters of a key, and of a value. */
const LONGEST_KEY = 100
const LONGEST_VALUE = 400

/** The keys of the session in their order, or the largest if there are many. */
export function keysOf(session: Session): KeyView[] {
  const views = [...session.entries()].map(([key, value]) => viewOf(key, value))
  return views.length > MOST_KEYS ? bySize(views).slice(0, MOST_KEYS) : views
}

function bySize(views: readonly KeyView[]): KeyView[] {
  return views.toSorted((a, b) => b.bytes - a.bytes)
}

function viewOf(key: string, value: unknown): KeyView {
  const stored = jsonOf(value, (bytes) => bytes.toString('base64'))
  const shown = jsonOf(value, hexOf)
  return {
    key: printableShort(key, LONGEST_KEY),
    type: typeOf(value),
    bytes: Buffer.byteLength(stored),
    value: isBytes(value) ? hexOf(Buffer.from(value)) : printableShort(shown, LONGEST_VALUE),
  }
}

/** Text that a visitor may have written, such as a label: on one line, and not endless. */
export function shortText(text: string): string {
  return printableShort(text, LONGEST_KEY)
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (isBytes(value)) return `${count(value.byteLength, 'byte')}`
  if (Array.isArray(value)) return `list of ${value.length}`
  if (typeof value !== 'object') return typeof value
  return Object.prototype.toString.call(value).slice('[object '.length, -1)
}

function count(many: number, what: string): string {
  return many === 1 ? `1 ${what}` : `${many} ${what}s`
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array
}

/** How many bytes in hexadecimal are shown. */
const MOST_BYTES = 32

function hexOf(bytes: Buffer): string {
  const start = bytes
    .subarray(0, MOST_BYTES)
    .toString('hex')
    .replace(/..(?=.)/g, '$& ')
  return bytes.length > MOST_BYTES ? `${start} …` : start
}

function jsonOf(value: unknown, ofBytes: (bytes: Buffer) => string): string {
  // Not an arrow function: `this` has the value before `toJSON`, which a Buffer has.
  function plain(this: unknown, key: string, member: unknown): unknown {
    const given = (this as Record<string, unknown>)[key]
    if (isBytes(given)) return ofBytes(Buffer.from(given))
    return typeof member === 'bigint' ? `${member}n` : member
  }
  return JSON.stringify(value, plain) ?? String(value)
}

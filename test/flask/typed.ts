/** The typed notation of the recorded cases, to JavaScript values and back. */

import { createHash } from 'node:crypto'
import { float, isMarkup, isTuple, isUuid, markup, tuple, uuid } from '../../src/flask/flask.ts'

export type Typed = { t: string; [key: string]: unknown }

/** The value our encoder takes for a Python value. */
export function fromTyped(typed: Typed): unknown {
  const list = () => (typed['v'] as Typed[]).map(fromTyped)
  switch (typed.t) {
    case 'null':
      return null
    case 'bool':
      return typed['v']
    case 'int': {
      const number = BigInt(typed['v'] as string)
      return Number.isSafeInteger(Number(number)) ? Number(number) : number
    }
    case 'float': {
      const number = pythonFloat(typed['v'] as string)
      return Number.isInteger(number) ? float(number) : number
    }
    case 'str':
      return stringOf(typed)
    case 'bytes':
      return new Uint8Array(Buffer.from(typed['hex'] as string, 'hex'))
    case 'markup':
      return markup(stringOf(typed))
    case 'uuid':
      return uuid(typed['v'] as string)
    case 'datetime':
      return new Date(Math.floor(typed['epoch'] as number) * 1000)
    case 'list':
      return list()
    case 'tuple':
      return tuple(...list())
    case 'dict': {
      const object = Object.create(null) as Record<string, unknown>
      for (const [key, value] of entriesOf(typed)) object[key] = fromTyped(value)
      return object
    }
    default:
      throw new Error(`no counterpart for ${typed.t}`)
  }
}

/** Whether a value we read is the Python value. A whole float reads as a number: JavaScript has one. */
export function matches(value: unknown, typed: Typed): boolean {
  switch (typed.t) {
    case 'null':
      return value === null
    case 'bool':
      return value === typed['v']
    case 'int':
      // The longest are recorded in hexadecimal.
      return (
        (Number.isInteger(value) || typeof value === 'bigint') &&
        BigInt(value as number | bigint) === BigInt(typed['v'] as string)
      )
    case 'float':
      return Object.is(value, pythonFloat(typed['v'] as string))
    case 'str':
      return typeof value === 'string' && isString(value, typed)
    case 'bytes':
      return value instanceof Uint8Array && Buffer.from(value).toString('hex') === typed['hex']
    case 'markup':
      return isMarkup(value) && value.html === stringOf(typed)
    case 'uuid':
      return isUuid(value) && value.uuid === typed['v']
    case 'datetime':
      return value instanceof Date && value.getTime() === (typed['epoch'] as number) * 1000
    case 'list':
    case 'tuple': {
      if (!Array.isArray(value) || isTuple(value) !== (typed.t === 'tuple')) return false
      const items = typed['v'] as Typed[]
      return value.length === items.length && items.every((item, at) => matches(value[at], item))
    }
    case 'dict': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
      const entries = entriesOf(typed)
      const object = value as Record<string, unknown>
      return (
        Object.keys(object).length === entries.length &&
        entries.every(([key, member]) => Object.hasOwn(object, key) && matches(object[key], member))
      )
    }
    default:
      throw new Error(`no counterpart for ${typed.t}`)
  }
}

/** Whether JavaScript has a value for it: `py` expressions are Python's alone. */
export function hasCounterpart(typed: unknown): boolean {
  if (Array.isArray(typed)) return typed.every(hasCounterpart)
  if (typeof typed !== 'object' || typed === null) return true
  const { t } = typed as Typed
  return (
    t !== 'py' &&
    !('kv' in typed) &&
    !('sha256_utf8' in typed) &&
    Object.values(typed).every(hasCounterpart)
  )
}

export function entriesOf(typed: Typed): [string, Typed][] {
  return typed['v'] as [string, Typed][]
}

function stringOf(typed: Typed): string {
  const repeat = typed['repeat'] as [string, number] | undefined
  return repeat ? repeat[0].repeat(repeat[1]) : (typed['v'] as string)
}

/** A long string is recorded by its length and hash. */
function isString(value: string, typed: Typed): boolean {
  if (!('sha256_utf8' in typed)) return value === stringOf(typed)
  const hash = createHash('sha256').update(value, 'utf8').digest('hex')
  return value.length === typed['len_utf16'] && hash === typed['sha256_utf8']
}

function pythonFloat(text: string): number {
  if (text === 'nan') return Number.NaN
  if (text === 'inf') return Number.POSITIVE_INFINITY
  return text === '-inf' ? Number.NEGATIVE_INFINITY : Number(text)
}

/** The values of behaviour.json's operations, where `$t` marks what JSON does not have. */
export function fromMarked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromMarked)
  if (typeof value !== 'object' || value === null) return value
  const marked = value as Record<string, any>
  switch (marked['$t']) {
    case undefined: {
      const members = Object.entries(marked).map(([key, member]) => [key, fromMarked(member)])
      return Object.fromEntries(members)
    }
    case 'tuple':
      return tuple(...(marked['v'] as unknown[]).map(fromMarked))
    case 'bytes':
      return new Uint8Array(Buffer.from(marked['hex'] as string, 'hex'))
    case 'markup':
      return markup(marked['v'] as string)
    case 'uuid':
      return uuid(marked['v'] as string)
    case 'datetime':
      return new Date((marked['epoch'] as number) * 1000)
    case 'repeat':
      return (marked['s'] as string).repeat(marked['n'] as number)
    case 'random_hex':
      return incompressible(marked['n'] as number)
    case 'unserializable':
      return new Map()
    default:
      throw new Error(`no counterpart for ${marked['$t']}`)
  }
}

/** Values as the recorded bodies spell them. */
export function toMarked(value: unknown): unknown {
  if (isTuple(value)) return { $t: 'tuple', v: value.map(toMarked) }
  if (value instanceof Uint8Array) return { $t: 'bytes', hex: Buffer.from(value).toString('hex') }
  if (isMarkup(value)) return { $t: 'markup', v: value.html }
  if (isUuid(value)) return { $t: 'uuid', v: value.uuid }
  if (value instanceof Date) return { $t: 'datetime', epoch: value.getTime() / 1000 }
  if (Array.isArray(value)) return value.map(toMarked)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([key, member]) => [key, toMarked(member)])
  return Object.fromEntries(members)
}

/** Hexadecimal digits that do not deflate, the same each time. */
function incompressible(length: number): string {
  let state = 1
  return Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647
    return ((state >> 8) % 16).toString(16)
  }).join('')
}

/** JSON codec without tags, for other libraries' sessions: writes and reads what `JSON` does. */

import { SessionError, withCause } from '../../base/errors.ts'
import { isDate } from '../../base/realm.ts'
import type { Codec } from './codec.ts'
import { MAX_DEPTH, scanValue } from './json-scan.ts'
import { describe, isPlain, isSubclass } from './shapes.ts'
import { refuse, Unsupported } from './unsupported.ts'

/**
 * Makes the codec. It refuses what `JSON.stringify` would change silently: NaN, a Date, a Map.
 *
 * @param levelsAround how many nesting levels a record adds around a value
 */
export function jsonCodec(levelsAround = 1): Codec {
  const deepest = MAX_DEPTH - levelsAround

  /** Throws `Unsupported` for a value that would be read as another one. */
  function check(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return
      case 'number':
        return Number.isFinite(value) ? undefined : refuse(`it holds ${value}`)
      case 'object':
        return value === null ? undefined : checkObject(value, depth)
      case 'undefined':
        return refuse('it holds undefined')
      default:
        return refuse(`it holds a ${typeof value}`)
    }
  }

  function checkObject(value: object, depth: number): void {
    if (depth > deepest) refuse(`it is nested deeper than ${deepest} levels, or contains itself`)
    if (isDate(value)) refuse('it holds a Date. Keep date.getTime()')
    const isList = Array.isArray(value)
    if (isList ? isSubclass(value) : !isPlain(value)) refuse(`it holds ${describe(value)}`)
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function') {
      refuse('it holds an object with the method toJSON')
    }
    const members: Iterable<[string | number, unknown]> = isList
      ? value.entries()
      : Object.entries(value)
    for (const [name, member] of members) {
      // An undefined property is omitted, as in JSON.stringify: it reads as undefined again.
      if (member === undefined && !isList) continue
      try {
        check(member, depth + 1)
      } catch (error) {
        if (error instanceof Unsupported) error.path.unshift(name)
        throw error
      }
    }
  }

  function encode(value: unknown, key: string): string {
    try {
      check(value, 1)
      return JSON.stringify(value)
    } catch (error) {
      if (error instanceof Unsupported) {
        throw new SessionError('ERR_VALUE_UNSUPPORTED', key, error.told(key))
      }
      const why = 'reading it threw an error: a getter or a proxy'
      throw withCause(new SessionError('ERR_VALUE_UNSUPPORTED', key, why), error)
    }
  }

  return {
    encode,
    check(value, key) {
      const text = encode(value, key)
      return typeof value === 'object' && value !== null ? undefined : text
    },
    decode(text) {
      // The scan limits the depth.
      if (scanValue(text) === undefined) return undefined
      try {
        return { value: JSON.parse(text) as unknown }
      } catch {
        return undefined
      }
    },
    join(members) {
      let joined = ''
      for (const [key, { text }] of members) {
        joined += `${joined === '' ? '' : ','}${JSON.stringify(key)}:${text}`
      }
      return `{${joined}}`
    },
    isTag: () => false,
    hasMarkedTags: true,
    // The scanner takes what Python's `json` writes for them, which JSON does not have.
    mayHoldTags: (text) => text.includes('NaN') || text.includes('Infinity'),
  }
}

/** Checks whether `JSON.stringify`, which is faster, writes a value exactly as the codec does. */

import type { Tag } from './tag.ts'
import { floatMembersOf, type JsonObject } from './json.ts'

/** The options of the codec that matter for the check. */
export interface NativeRules {
  tags: readonly Tag[]
  isTag(key: string): boolean
  sortKeys: boolean
}

/**
 * Whether a value has no tag, `undefined`, unsupported type, unsorted key or Python-style number.
 *
 * False is always safe: the codec is then used. `room` is the number of nesting levels left.
 */
export function isNative(value: unknown, rules: NativeRules, room: number): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true
  if (typeof value === 'number') return isSpelledAlike(value)
  if (typeof value !== 'object' || room === 0 || 'toJSON' in value) return false
  if (floatMembersOf(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (Array.isArray(value)) {
    if (prototype !== Array.prototype || rules.tags.some((tag) => tag.test(value))) return false
    // By index, as JSON.stringify does: every() would skip holes.
    for (let at = 0; at < value.length; at++)
      if (!isNative(value[at], rules, room - 1)) return false
    return true
  }
  if (prototype !== Object.prototype && prototype !== null) return false
  const names = Object.keys(value)
  if (names.length === 1 && rules.isTag(names[0]!)) return false
  if (rules.sortKeys && !isSorted(names)) return false
  for (const name of names) {
    const member = (value as JsonObject)[name]
    // Most members are strings or small integers: no call for those.
    if (typeof member === 'string' || (typeof member === 'number' && isSpelledAlike(member)))
      continue
    if (!isNative(member, rules, room - 1)) return false
  }
  return true
}

/** Whether JavaScript and Python write a number in the same way. */
function isSpelledAlike(number: number): boolean {
  if ((number | 0) === number && number !== 0) return true
  if (Number.isInteger(number)) return Number.isSafeInteger(number) && !Object.is(number, -0)
  const size = Math.abs(number)
  return size >= 1e-4 && size < 1e16
}

/** Whether keys are sorted by code point. From U+D800 on `<` compares differently: then false. */
function isSorted(names: readonly string[]): boolean {
  return names.every(
    (name, at) => !/[\ud800-\uffff]/.test(name) && (at === 0 || names[at - 1]! < name),
  )
}

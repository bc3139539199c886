/** Tells plain objects and lists from what is more than that, and says what that is. */

import type { JsonObject } from './json.ts'

/** Whether this can be changed in place: an object or a list. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Whether this is an object as JSON has it: no class behind it, of this realm or another. */
export function isPlain(value: object): boolean {
  if (Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || isForeignObjectPrototype(prototype)
}

/** Whether a list is more than a list, of this realm or another: it would come back as a list only. */
export function isSubclass(list: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(list)
  const parent: unknown = prototype === null ? null : Object.getPrototypeOf(prototype)
  return parent === null || Object.getPrototypeOf(parent) !== null
}

function isForeignObjectPrototype(prototype: unknown): boolean {
  return (
    Object.getPrototypeOf(prototype) === null &&
    Object.prototype.hasOwnProperty.call(prototype, 'isPrototypeOf')
  )
}

/** Whether this is an object as our parser makes it. */
export function isReadObject(value: unknown): value is JsonObject {
  return isObject(value) && Object.getPrototypeOf(value) === Object.prototype
}

/** The first key of an object that was read; `undefined` where there is none. */
export function firstKey(object: JsonObject): string {
  return Object.keys(object)[0]!
}

/** What a value is that cannot be kept, and what to do instead: it ends an error's message. */
export function describe(value: unknown): string {
  if (value instanceof Map) return 'a Map. Keep [...map] and make the Map again when you read it'
  if (value instanceof Set) return 'a Set. Keep [...set] and make the Set again when you read it'
  if (value instanceof Date) return 'an invalid date'
  const name: unknown = (value as object).constructor?.name
  return `an instance of ${typeof name === 'string' && name ? name : 'a class'}. Keep a plain object, or register a tag for it`
}

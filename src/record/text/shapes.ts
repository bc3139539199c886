/** Checks for plain objects and arrays, and describes a value that cannot be stored. */

import { isDate } from '../../base/realm.ts'
import type { JsonObject } from './json.ts'

/** Whether a value is an object or an array, which can be changed in place. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Whether this is a plain object, not an instance of a class; of this realm or another. */
export function isPlain(value: object): boolean {
  if (Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || isForeignObjectPrototype(prototype)
}

/** Whether an array is of a subclass of Array, which would be lost; of this realm or another. */
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

/** Whether this is an object made by our parser. */
export function isReadObject(value: unknown): value is JsonObject {
  return isObject(value) && Object.getPrototypeOf(value) === Object.prototype
}

/** The first key of a parsed object; `undefined` if it is empty. */
export function firstKey(object: JsonObject): string {
  return Object.keys(object)[0]!
}

/** Describes a value that cannot be stored, and the alternative: the end of an error's message. */
export function describe(value: unknown): string {
  const kind = Object.prototype.toString.call(value)
  if (kind === '[object Map]') return 'a Map. Keep [...map] and make the Map again when you read it'
  if (kind === '[object Set]') return 'a Set. Keep [...set] and make the Set again when you read it'
  if (kind === '[object Promise]') return 'a Promise. Await it first'
  if (isDate(value)) return 'an invalid date'
  const name: unknown = (value as object).constructor?.name
  return `an instance of ${typeof name === 'string' && name ? name : 'a class'}. Keep a plain object, or register a tag for it`
}

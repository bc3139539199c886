/** Type checks that hold for objects of another realm: a `vm` context, Jest, `structuredClone`. */

const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get!

/** Whether this is a `Uint8Array`, which a `Buffer` is, too. Reads an internal slot of the object. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && typedArrayName.call(value) === 'Uint8Array'
}

/** Whether this is a `Date`, valid or not. */
export function isDate(value: unknown): value is Date {
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof Date) return true
  // The tag alone can be set on any object: `getTime` reads an internal slot of the object.
  if (Object.prototype.toString.call(value) !== '[object Date]') return false
  try {
    Date.prototype.getTime.call(value)
    return true
  } catch {
    return false
  }
}

/** Whether `await` would wait for this value. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | undefined | null)?.then === 'function'
}

/** Whether this is an `Error`. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}

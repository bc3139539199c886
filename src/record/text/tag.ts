/** The interface of a tag: how a type that JSON does not have is serialized. */

/**
 * Serializes one type of value as an object with a single key, the tag's.
 *
 * The counterpart of Flask's `JSONTag`: `test` is its `check`, `encode` its `to_json`, `decode` its
 * `to_python`.
 */
export interface Tag<Value = any> {
  /** The key of the object. Flask's own tags begin with a space. */
  readonly key: string
  /** Whether this tag encodes the value: never a string, number or plain object. The first wins. */
  test(value: unknown): value is Value
  /** Converts the value to a JSON value, whose parts may again need tags. */
  encode(value: Value): unknown
  /**
   * Converts what `encode` returned back. `UNREADABLE` rejects it, and with it the whole cookie.
   *
   * `float`: the content is a number that was written as a float (`1.0`).
   */
  decode(content: any, float: boolean): unknown
}

/**
 * Returned by a tag's `decode` for content that its `encode` cannot have written.
 *
 * @example
 * import { type Tag, UNREADABLE } from 'sojourn'
 * const urls: Tag<URL> = {
 *   key: 'url',
 *   test: (value): value is URL => value instanceof URL,
 *   encode: (url) => url.href,
 *   decode: (href) => (URL.canParse(href) ? new URL(href) : UNREADABLE),
 * }
 */
// Registered: a tag may take it from another copy of this package.
export const UNREADABLE: unique symbol = Symbol.for('sojourn.unreadable') as never

/** What a tag is: how a type of value is written that JSON has no form for. */

/**
 * How one type of value is kept: as an object with a single key, the tag's.
 *
 * The counterpart of Flask's `JSONTag`: `test` is its `check`, `encode` its `to_json`, `decode` its
 * `to_python`.
 */
export interface Tag<Value = any> {
  /** The key of the object. Flask's own begin with a space. */
  readonly key: string
  /** Whether this tag keeps the value, which is no string, number or plain object. The first one wins. */
  test(value: unknown): value is Value
  /** The value as something JSON has: its parts may again be values with tags. */
  encode(value: Value): unknown
  /**
   * The value from what `encode` gave. `UNREADABLE` refuses it, and with it the whole cookie.
   *
   * `float` says that a number was spelled as a float (`1.0`).
   */
  decode(content: any, float: boolean): unknown
}

/** What a tag's `decode` answers for content it cannot have written. */
export const UNREADABLE: unique symbol = Symbol('sojourn.unreadable')

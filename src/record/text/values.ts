/** Types of values that can be stored, and those JavaScript lacks: tuple, markup, UUID, float. */

/** An immutable sequence, as Python's `tuple`: a frozen array. */
export type Tuple<Items extends readonly unknown[] = readonly unknown[]> = Readonly<Items> & {
  readonly [TUPLE]: true
}

/** Text that is safe HTML, as MarkupSafe's `Markup`. */
export interface Markup {
  /** The HTML. */
  readonly html: string
  /** The same, so that templates show it. */
  toString(): string
}

/** A UUID, as Python's `uuid.UUID`: lower case, with dashes. */
export interface Uuid {
  /** The 36 characters. */
  readonly uuid: string
  /** The same. */
  toString(): string
}

/** A whole number that Python reads as a float. Only for writing: it is read as a number. */
export interface Float {
  /** The number. */
  readonly float: number
  /** The same, so that it can be calculated with. */
  valueOf(): number
}

/** Values that can be stored and have no parts. */
export type Scalar =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | Markup
  | Uuid
  | Float

/** Values that can be stored: scalars, and arrays, tuples and plain objects of them. */
export type Storable =
  | Scalar
  | readonly Storable[]
  /** A member that is `undefined` is not saved. */
  | { readonly [key: string]: Storable | undefined }

/**
 * `Value` if it can be stored; `never` for a function, a Map, a Set or a symbol. `unknown` and `any`
 * are left to the check at run time.
 *
 * `Extra` are the types for which the app has tags of its own.
 */
export type Kept<Value, Extra = never> = unknown extends Value
  ? Value
  : Value extends Extra | Scalar | undefined
    ? Value
    : Value extends
          | ((...parameters: never[]) => unknown)
          | ReadonlyMap<unknown, unknown>
          | ReadonlySet<unknown>
          | symbol
      ? never
      : // By its items, since an interface may extend Array, as in Prisma's JsonArray.
        Value extends readonly (infer Item)[]
        ? readonly Kept<Item, Extra>[]
        : Value extends object
          ? { readonly [Key in keyof Value]: Kept<Value[Key], Extra> }
          : never

/** Whether every value of a session's data can be stored. */
type IsKept<Data, Extra> = [Data] extends [{ readonly [Key in keyof Data]: Kept<Data[Key], Extra> }]
  ? true
  : false

/**
 * The constraint on a session's data: every value can be stored.
 *
 * Of a type parameter the compiler does not know yet; it is accepted. That takes a second
 * condition, whose branch for `false` the compiler leaves out where it is never taken for `any`.
 */
export type Keepable<Data, Extra = never> =
  IsKept<Data, Extra> extends false
    ? 'Data has a value that cannot be stored: a function, Map, Set, symbol or object with methods'
    : unknown

// Registered symbols: a value made by one copy of this module is recognized by another copy.
const TUPLE: unique symbol = Symbol.for('sojourn.tuple') as never
const KIND = Symbol.for('sojourn.kind')

/**
 * Makes a tuple: `tuple('admin', 'staff')`.
 *
 * @example
 * import { tuple } from 'sojourn/flask'
 * session.set('roles', tuple('admin', 'staff'))
 */
export function tuple<const Items extends readonly unknown[]>(...items: Items): Tuple<Items> {
  return asTuple(items)
}

/** Makes a tuple of a list of any length: `tuple(...items)` would be limited by the stack. */
export function tupleOf(items: readonly unknown[]): Tuple {
  return asTuple([...items])
}

function asTuple<Items extends readonly unknown[]>(items: Items): Tuple<Items> {
  Object.defineProperty(items, TUPLE, { value: true })
  return Object.freeze(items) as Tuple<Items>
}

/**
 * Makes Markup from safe HTML. Does not escape anything.
 *
 * @example
 * import { markup } from 'sojourn/flask'
 * session.flash(markup('Saved. <a href="/undo">Undo</a>'))
 */
export function markup(html: string): Markup {
  return ofKind('markup', { html }, html)
}

/**
 * Makes a UUID from 32 hexadecimal digits, with or without dashes. @throws TypeError otherwise.
 *
 * @example
 * import { randomUUID } from 'node:crypto'
 * import { uuid } from 'sojourn/flask'
 * session.set('order', uuid(randomUUID()))
 */
export function uuid(text: string): Uuid {
  const digits = text.replaceAll('-', '').toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(digits)) throw new TypeError('A UUID has 32 hexadecimal digits.')
  const dashed = digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return ofKind('uuid', { uuid: dashed }, dashed)
}

/**
 * Makes a number that Python reads as a float: `float(1)` is written `1.0`.
 *
 * @example
 * import { float } from 'sojourn/flask'
 * session.set('price', float(5)) // 5.0 in Python
 */
export function float(number: number): Float {
  return ofKind('float', { float: number }, number)
}

/**
 * Whether this is a tuple.
 *
 * @example
 * import { isTuple } from 'sojourn/flask'
 * const isSequence = isTuple(session.get('roles'))
 */
export function isTuple(value: unknown): value is Tuple {
  return Array.isArray(value) && TUPLE in value
}

/**
 * Whether this is Markup.
 *
 * @example
 * import { isMarkup } from 'sojourn/flask'
 * const note: unknown = session.get('note')
 * const html = isMarkup(note) ? note.html : undefined
 */
export function isMarkup(value: unknown): value is Markup {
  return isOfKind(value, 'markup') && typeof (value as Partial<Markup>).html === 'string'
}

/**
 * Whether this is a UUID.
 *
 * @example
 * import { isUuid } from 'sojourn/flask'
 * const order: unknown = session.get('order')
 * const text = isUuid(order) ? order.uuid : undefined
 */
export function isUuid(value: unknown): value is Uuid {
  return isOfKind(value, 'uuid') && typeof (value as Partial<Uuid>).uuid === 'string'
}

/**
 * Whether this is a number marked as a float.
 *
 * @example
 * import { float, isFloat } from 'sojourn/flask'
 * const isMarked = isFloat(float(5))
 */
export function isFloat(value: unknown): value is Float {
  return isOfKind(value, 'float') && typeof (value as Partial<Float>).float === 'number'
}

type Kind = 'markup' | 'uuid' | 'float'

// The kind is on the prototype, so such a value is not a plain object.
function ofKind<Fields extends object>(kind: Kind, fields: Fields, primitive: string | number) {
  const prototype = {
    [KIND]: kind,
    toString: () => String(primitive),
    valueOf: () => primitive,
    toJSON: () => primitive,
  }
  return Object.freeze(Object.assign(Object.create(prototype) as object, fields)) as Fields &
    Markup &
    Uuid &
    Float
}

function isOfKind(value: unknown, kind: Kind): boolean {
  return typeof value === 'object' && value !== null && (value as { [KIND]?: Kind })[KIND] === kind
}

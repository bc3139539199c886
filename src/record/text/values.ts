/** The values a session can keep, and the few that JavaScript has no type of its own for. */

/** A fixed sequence, as Python's tuple. Reads like an array and is frozen. */
export type Tuple<Items extends readonly unknown[] = readonly unknown[]> = Readonly<Items> & {
  readonly [TUPLE]: true
}

/** Text that is HTML already, as MarkupSafe's Markup. */
export interface Markup {
  readonly html: string
  toString(): string
}

/** A UUID as Python's `uuid.UUID`, in its dashed lower-case form. */
export interface Uuid {
  readonly uuid: string
  toString(): string
}

/** A number Python shall read as a float although it is whole. Only for writing: it reads as a number. */
export interface Float {
  readonly float: number
  valueOf(): number
}

/** What can be kept as it is, without looking inside. */
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

/** Anything a session can keep: scalars, and arrays, tuples and plain objects of them. */
export type Storable =
  | Scalar
  | readonly Storable[]
  | { readonly [key: string]: Storable | undefined }

/**
 * `Value` if a session can keep it, `never` where it cannot: a function, a class, a Map.
 *
 * `Extra` are the types that tags of your own know how to keep.
 */
export type Kept<Value, Extra = never> = Value extends Extra | Scalar | undefined
  ? Value
  : Value extends (...parameters: never[]) => unknown
    ? never
    : Value extends readonly unknown[]
      ? { readonly [Index in keyof Value]: Kept<Value[Index], Extra> }
      : Value extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown> | symbol
        ? never
        : Value extends object
          ? { readonly [Key in keyof Value]: Kept<Value[Key], Extra> }
          : never

/** The constraint on a session's data: every value can be kept. */
export type Keepable<Data, Extra = never> = {
  readonly [Key in keyof Data]: Kept<Data[Key], Extra>
}

// Shared by every copy of the module in a process, so that a value made by one is known to another.
const TUPLE: unique symbol = Symbol.for('sojourn.tuple') as never
const KIND = Symbol.for('sojourn.kind')

/** Makes a tuple: `tuple('admin', 'staff')`. */
export function tuple<const Items extends readonly unknown[]>(...items: Items): Tuple<Items> {
  return asTuple(items)
}

/** Makes a tuple of a list's items, however many: as parameters of a call they are held by the stack. */
export function tupleOf(items: readonly unknown[]): Tuple {
  return asTuple([...items])
}

function asTuple<Items extends readonly unknown[]>(items: Items): Tuple<Items> {
  Object.defineProperty(items, TUPLE, { value: true })
  return Object.freeze(items) as Tuple<Items>
}

/** Makes Markup from HTML that is safe already: nothing is escaped here. */
export function markup(html: string): Markup {
  return ofKind('markup', { html }, html)
}

/** Makes a UUID from its 32 hexadecimal digits, with or without dashes. */
export function uuid(text: string): Uuid {
  const digits = text.replaceAll('-', '').toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(digits)) throw new TypeError('A UUID has 32 hexadecimal digits.')
  const dashed = digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return ofKind('uuid', { uuid: dashed }, dashed)
}

/** Makes a number that Python reads as a float: `float(1)` is written `1.0`. */
export function float(number: number): Float {
  return ofKind('float', { float: number }, number)
}

/** Whether this is a tuple. */
export function isTuple(value: unknown): value is Tuple {
  return Array.isArray(value) && TUPLE in value
}

/** Whether this is Markup. */
export function isMarkup(value: unknown): value is Markup {
  return isOfKind(value, 'markup') && typeof (value as Partial<Markup>).html === 'string'
}

/** Whether this is a UUID. */
export function isUuid(value: unknown): value is Uuid {
  return isOfKind(value, 'uuid') && typeof (value as Partial<Uuid>).uuid === 'string'
}

/** Whether this is a number marked as a float. */
export function isFloat(value: unknown): value is Float {
  return isOfKind(value, 'float') && typeof (value as Partial<Float>).float === 'number'
}

type Kind = 'markup' | 'uuid' | 'float'

// The prototype carries the kind, so such a value is no plain object and is never taken for one.
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

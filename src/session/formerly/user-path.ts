/** The user's id at a path of another library's data, such as `passport.user`. */

import { isObject, isPlain } from '../../record/text/shapes.ts'

/** A value, and its text if that is plain JSON: the text tells Python's `1.0` from `1`. */
export interface Item {
  readonly value: unknown
  readonly plain?: string | undefined
}

type Items = ReadonlyMap<string, Item>

/** The id at the path, as text; `undefined` if nobody is signed in. */
export function userIdAt(data: Items, [root, ...rest]: readonly string[]): string | undefined {
  let value = data.get(root!)?.value
  for (const key of rest) {
    value = isObject(value) && Object.hasOwn(value, key) ? (value as Fields)[key] : undefined
  }
  if (typeof value === 'string') return value === '' ? undefined : value
  const isInteger = typeof value === 'bigint' || Number.isSafeInteger(value)
  return isInteger ? String(value) : undefined
}

type Fields = Record<string, unknown>

/** Our data with our user's id at the path. An id that is there already keeps its type. */
export function pathRoot(
  to: { readonly data: Items; readonly userId: string | undefined },
  before: { readonly data: Items },
  path: readonly string[],
  asNumber: boolean,
): Items {
  const { data, userId } = to
  if (userId === undefined || userIdAt(data, path) === userId) return data
  const [root] = path
  const old = before.data.get(root!)
  // If it is the same user, the former session's value stays as it is.
  if (old && userIdAt(before.data, path) === userId) return new Map(data).set(root!, old)
  const value = withPath(data.get(root!)?.value, path.slice(1), idFor(userId, asNumber))
  return new Map(data).set(root!, { value })
}

/** The id with the type that the former application uses: see the option `userIdAs`. */
export function idFor(userId: string, asNumber: boolean): string | number {
  return asNumber && /^-?\d{1,15}$/.test(userId) ? Number(userId) : userId
}

function withPath(value: unknown, path: readonly string[], id: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return id
  const fields = isObject(value) && isPlain(value) ? (value as Fields) : {}
  return { ...fields, [key]: withPath(fields[key], rest, id) }
}

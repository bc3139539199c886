/** Types that describe a session's data, and those refused. The long tests check them with older compilers. */

import { createSessions, type Session, type SessionOptions } from 'sojourn'

declare const options: SessionOptions

type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

// Prisma's.
type JsonObject = { [Key in string]?: JsonValue }
interface JsonArray extends Array<JsonValue> {}
type JsonValue = string | number | boolean | JsonObject | JsonArray | null

// That of type-fest.
type Fest = { [Key in string]: FestValue } & { [Key in string]?: FestValue | undefined }
type FestValue = string | number | boolean | null | Fest | FestValue[] | readonly FestValue[]

interface Tree {
  name: string
  children: Tree[]
  parent?: Tree
}

createSessions<{ payload: Json; more?: Json }>(options)
createSessions<Record<string, Json>>(options)
createSessions<{ [key: string]: Json }>(options)
createSessions<{ payload: JsonValue; object: JsonObject; array: JsonArray }>(options)
createSessions<{ payload: FestValue; object: Fest }>(options)
createSessions<{ tree: Tree }>(options)
createSessions<Record<string, unknown>>(options)
createSessions<{ a: unknown; b: any; c: object; d: {} }>(options)
createSessions<any>(options)
createSessions<{ a: readonly [first: string, ...rest: number[]]; b: [1, 'x'] }>(options)

export function ofAnyObject<Data extends object>(given: SessionOptions) {
  return createSessions<Data>(given)
}
export function ofAnything<Data>(given: SessionOptions) {
  return createSessions<Data>(given)
}
export function ofARecord<Data extends Record<string, unknown>>(given: SessionOptions) {
  return createSessions<Data & { visits: number }>(given)
}

export function ofAConstraint<Data extends { visits: number }>(session: Session<Data>) {
  if (session.has('visits')) session.delete('visits')
  return session.get('visits')
}

export async function reads(req: object): Promise<unknown> {
  const session = await createSessions<{ payload: Json }>(options).get(req)
  session.set('payload', { a: [1, { b: null }] })
  const value: Json | undefined = session.get('payload')
  const typed: Session<{ payload: Json }> = session
  return [value, typed]
}

// A variable that is given its sessions later.
export let later: ReturnType<typeof createSessions>
later = createSessions(options)
export const anything: unknown = (await later.get({})).get('anything')

class Money {
  cents = 1
  add(): void {}
}
// @ts-expect-error a function cannot be stored
createSessions<{ fn: () => void }>(options)
// @ts-expect-error nor a Map
createSessions<{ map: Map<string, string> }>(options)
// @ts-expect-error nor a Set deep inside
createSessions<{ a: { b: Set<string>[] } }>(options)
// @ts-expect-error nor an object with methods
createSessions<{ price: Money }>(options)
// @ts-expect-error nor a symbol
createSessions<{ tag?: symbol }>(options)
// @ts-expect-error nor what may be a function
createSessions<{ either: string | (() => void) }>(options)
// @ts-expect-error nor a tuple with a Set in it
createSessions<{ tuple: [string, Set<number>] }>(options)
// @ts-expect-error nor a promise
createSessions<{ user: Promise<string> }>(options)
createSessions<{ price: Money }, Money>(options)

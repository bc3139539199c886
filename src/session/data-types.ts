/** The types of a session's data: its keys, their values, and what an updater returns. */

import type { REMOVE } from '../record/changes.ts'

/** The keys of a session's data. */
// Not Extract: the compiler would not know the keys of a type parameter's constraint.
export type KeyOf<Data> = keyof Data & string

/** The value of a key that exists. */
export type ValueOf<Data, Key extends keyof Data> = Exclude<Data[Key], undefined>

/** What an updater returns. For `any`: whatever is not `undefined`. */
export type Updated<Value> =
  | (0 extends 1 & Value ? {} | null : Exclude<Value, undefined>)
  | typeof REMOVE

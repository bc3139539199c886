/** The interface of Standard Schema (version 1), which zod, valibot and arktype have; and a session's schema. */

import type { SchemaIssue } from '../../base/errors.ts'
import type { Kept } from '../../record/text/values.ts'

// Written out here, as https://standardschema.dev suggests: types only, and no dependency.
/** A schema of one value. It has to be synchronous, and to accept what it returns. */
export interface StandardSchema<Input = any, Output = any> {
  /** What the specification asks for: version, vendor and `validate`. Libraries have it. */
  readonly '~standard': {
    /** The version of the specification. */
    readonly version: 1
    /** The library. */
    readonly vendor: string
    /** Checks a value. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    /** Types only: not there at run time. */
    readonly types?:
      | {
          /** What it accepts. */
          readonly input: Input
          /** What it returns. */
          readonly output: Output
        }
      | undefined
  }
}

/** The value that a schema returns, or why it refuses the one that it was given. */
export type SchemaResult<Output> =
  /** The value is accepted; `value` is what is saved. */
  | { readonly value: Output; readonly issues?: undefined }
  /** It is not, and why. */
  | { readonly issues: readonly SchemaIssue[] }

/** A session's schema: one for each key of its data. */
export type SessionSchema = Readonly<Record<string, StandardSchema>>

/**
 * The data of a schema: the output of each key's schema. If an output cannot be stored, or its schema
 * would not accept it when it is read again, the type is the reason as text.
 */
export type DataOf<Schema extends SessionSchema> = {
  -readonly [Key in keyof Schema]: ValueBy<Schema[Key]>
}

type ValueBy<One> =
  One extends StandardSchema<infer Input, infer Output>
    ? [Output] extends [Kept<Input>]
      ? Output
      : 'The schema has to accept what it returns, and that has to be storable'
    : never

/** The schema for a type of data that the app declares. */
export type SchemaFor<Data> = {
  readonly [Key in keyof Data]?: StandardSchema<any, Data[Key]>
}

/** The options `schema`, `version`, `migrate` and `onInvalid`. */

import { invalid, oneOf, requireObject } from '../../base/options.ts'
import type { Layout } from '../../record/record.ts'
import { type Migrate, versioned } from './migration.ts'
import type { SessionSchema, StandardSchema } from './standard-schema.ts'
import { type OnInvalid, valueChecks } from './value-checks.ts'

/** Options for the shape of a session's data. */
export interface SchemaOptions {
  /**
   * A schema for each key of the data, of zod, valibot, arktype or another library with the
   * interface of Standard Schema: `{ username: z.string(), visits: z.number() }`. `set` and
   * `update` throw ERR_VALUE_INVALID for a value that its schema refuses, and for a key without
   * one. Stored values are checked when they are read. A schema has to be synchronous and to accept
   * what it returns.
   *
   * @default none: any value that can be stored
   */
  schema?: SessionSchema
  /**
   * The version of the data: a whole number from 1 on, which you raise when the shape of the data
   * changes. It is saved with each session. Not the version of the app. @default none: counts as 0,
   * and is not saved
   */
  version?: number
  /**
   * Converts data of a lower version: `(data, version) => ({ ... })`. Called when such a session is
   * opened; the result is saved with the session's next change. Synchronous and without side effects: it
   * may be called again. Needs `version`. @default none: the data is not changed
   */
  migrate?: Migrate
  /**
   * What happens to stored data that the schema refuses, or on which `migrate` fails. 'drop': the
   * key, or all data, is treated as missing until it is set again; 'error': reading the key, or
   * opening the session, throws ERR_DATA_INVALID, and nothing is lost. Both emit the event
   * `invalid-data`.
   *
   * @default 'drop'
   */
  onInvalid?: OnInvalid
}

/** The layout with the app's schema and version. @throws ERR_OPTION_INVALID */
export function withSchema(
  layout: Layout,
  { schema, version, migrate, onInvalid = 'drop' }: SchemaOptions,
): Layout {
  oneOf(onInvalid, ['drop', 'error'], 'onInvalid')
  if (migrate !== undefined && (typeof migrate !== 'function' || version === undefined)) {
    throw invalid('migrate', 'has to be a function, and needs the option version')
  }
  const checked = schema
    ? { ...layout, schema: valueChecks(checkedSchema(schema), layout.codec, onInvalid) }
    : layout
  if (version === undefined) return checked
  if (!Number.isSafeInteger(version) || version < 1) {
    throw invalid('version', 'has to be a whole number from 1 on')
  }
  // Flask's layout has no name for it, and flask() refuses the option.
  return versioned(checked, layout.names.version!, version, migrate, onInvalid)
}

function checkedSchema(schema: SessionSchema): SessionSchema {
  requireObject(schema, 'schema', '{ visits: z.number() }')
  for (const [key, one] of Object.entries<Partial<StandardSchema> | null>(schema)) {
    // Only valibot says so here. With other libraries the first value shows it.
    const isAsync = (one as { async?: unknown } | null)?.async === true
    if (isAsync || typeof one?.['~standard']?.validate !== 'function') {
      throw invalid(`schema.${key}`, 'has to be a synchronous schema, such as z.number() of zod')
    }
  }
  return schema
}

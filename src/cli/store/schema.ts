/** `sojourn schema`: prints the SQL that makes a store's tables. */

import { SessionError } from '../../base/errors.ts'
import { postgresSchema } from '../../stores/postgres/postgres.ts'
import { sqliteSchema } from '../../stores/sqlite/sqlite.ts'
import { understood, usageError } from '../command/arguments.ts'

export const SCHEMA_USAGE = `sojourn schema sqlite|postgres            prints the SQL that makes the tables of a store
                  [--prefix PREFIX]         what their names begin with, if the app says so too
`

/** Runs the command; answers its exit code. */
export function schema(args: readonly string[]): number {
  const { values, positionals } = understood(args, { prefix: { type: 'string' } })
  const [engine, ...more] = positionals
  const make = engine === undefined ? undefined : SCHEMAS.get(engine.toLowerCase())
  if (!make || more.length > 0) {
    throw usageError(
      'Say which tables: sojourn schema sqlite, or sojourn schema postgres. Redis has none.',
    )
  }
  process.stdout.write(sqlOf(make, values.prefix))
  return 0
}

const SCHEMAS: ReadonlyMap<string, (prefix?: string) => string> = new Map([
  ['sqlite', sqliteSchema],
  ['postgres', postgresSchema],
  ['postgresql', postgresSchema],
])

function sqlOf(make: (prefix?: string) => string, prefix: string | undefined): string {
  try {
    return make(prefix)
  } catch (error) {
    if (error instanceof SessionError) throw usageError(error.message)
    throw error
  }
}

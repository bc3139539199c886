/** `sojourn schema`: prints the SQL that makes a store's tables. */

import { SessionError } from '../../base/errors.ts'
import { postgresSchema } from '../../stores/postgres/postgres.ts'
import { sqliteSchema } from '../../stores/sqlite/sqlite.ts'
import { command, usageError } from '../command/command.ts'

const USAGE = `sojourn schema sqlite|postgres            prints the SQL that makes the tables of a store
                  [--prefix PREFIX]         what their names begin with, if the app says so too
`

const SCHEMAS = new Map([
  ['sqlite', sqliteSchema],
  ['postgres', postgresSchema],
  ['postgresql', postgresSchema],
])

export const schema = command({
  usage: USAGE,
  options: { prefix: { type: 'string' } },
  run({ prefix }, [engine = '', ...more]) {
    const make = SCHEMAS.get(engine.toLowerCase())
    if (!make || more.length > 0) {
      const says = 'Say which tables: sojourn schema sqlite, or sojourn schema postgres.'
      throw usageError(`${says} Redis has none.`)
    }
    try {
      return { text: make(prefix).trimEnd() }
    } catch (error) {
      throw error instanceof SessionError ? usageError(error.message) : error
    }
  },
})

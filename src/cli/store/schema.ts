/** `sojourn schema`: prints the SQL that makes a store's tables. */

import { SessionError } from '../../base/errors.ts'
import { postgresSchema } from '../../stores/postgres/postgres.ts'
import { sqliteSchema } from '../../stores/sqlite/sqlite.ts'
import { command, usageError } from '../command/command.ts'

const USAGE = `sojourn schema sqlite|postgres            prints the SQL that makes the tables of a store
                  [--prefix PREFIX]         the option prefix of the store, if it is set
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
      const says = 'Run: sojourn schema sqlite, or: sojourn schema postgres.'
      throw usageError(`${says} Redis needs no tables.`)
    }
    try {
      return { text: make(prefix).trimEnd() }
    } catch (error) {
      throw error instanceof SessionError ? usageError(error.message) : error
    }
  },
})

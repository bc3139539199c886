/** The name of Flask-Session's table, and what its two stores are made with. */

import { invalid } from '../../base/options.ts'
import type { Serializer } from './serializer.ts'

/** What a store on the table needs. */
export interface TableOptions {
  /** The quoted name. */
  readonly table: string
  /** The beginning of every `session_id`. */
  readonly prefix: string
  readonly serializer: Serializer
}

/** The name of a table as SQL: SESSION_SQLALCHEMY_SCHEMA and SESSION_SQLALCHEMY_TABLE. */
export function tableName(schema: string | null | undefined, table: string): string {
  return schema ? `${quoted(schema, 'SCHEMA')}.${quoted(table, 'TABLE')}` : quoted(table, 'TABLE')
}

function quoted(name: string, what: string): string {
  if (name === '' || /["\0]/.test(name)) {
    throw invalid(`SESSION_SQLALCHEMY_${what}`, 'is not a name: it is empty, or contains a quote')
  }
  return `"${name}"`
}

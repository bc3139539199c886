/** The type of a statement of the PostgreSQL store, and the rules for its SQL. */

import { createHash } from 'node:crypto'

/**
 * A statement, and its name if it is prepared. Each has at least one parameter: `postgres` sends one
 * without parameters by the simple protocol, and PgBouncer in transaction mode fails if the client
 * pipelines another statement after it.
 */
export interface Statement {
  readonly name: string
  readonly text: string
}

// In READ COMMITTED, a statement that has waited for a row's lock continues with the newest version
// of that row. Everything else that it reads is as of the statement's start. So exact decisions use
// only the locked row, or a second statement, which sees everything that the first one has waited
// for. In stricter isolation levels such a statement fails instead, and is retried.
//
// All statements return text only, because an application may have set its client to parse other
// types in its own way. The server's reply says whether a row was written; RETURNING would cost the
// client a tenth of the query. Each statement has a parameter: see `Statement`.

/** Makes a statement whose name is a hash of its text. */
export function statement(text: string): Statement {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16)
  return { name: `sojourn_${digest}`, text: text.trim() }
}

/**
 * The SQL for the time in so many milliseconds, rounded up to ten seconds. PostgreSQL updates an
 * index only if the value changes; without rounding every write of a session would change it.
 */
export function after(milliseconds: string): string {
  return `to_timestamp(ceil((extract(epoch FROM now()) + ${milliseconds}::float8 / 1000) / 10) * 10)`
}

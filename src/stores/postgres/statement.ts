/** A statement of the PostgreSQL store: its name, and what holds for the SQL of each. */

import { createHash } from 'node:crypto'

/**
 * A statement, and its name if it is prepared. Each has a parameter: `postgres` sends one without
 * through the simple protocol, and PgBouncer, in transaction mode, loses its place if the client
 * pipelines another behind it.
 */
export interface Statement {
  readonly name: string
  readonly text: string
}

// In READ COMMITTED a statement that waits for a row's lock continues with the newest version of
// that row, and of that row alone: everything else it reads is as old as the statement. So whatever
// has to be exact is decided from the locked row, or by a second statement, which sees all that the
// first one waited for. In stricter levels such a statement fails instead, and is retried.
//
// No statement returns anything but text: an application may have set its client to parse other
// types in its own way. Whether a row was written is in the server's reply anyway; a RETURNING costs
// the client a tenth of the query. Each statement has a parameter: see `Statement`.

/** Names a statement by its text. */
export function statement(text: string): Statement {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16)
  return { name: `sojourn_${digest}`, text: text.trim() }
}

/**
 * The SQL for the time after so many milliseconds, rounded up to ten seconds: PostgreSQL updates an
 * index only if the value changes, and otherwise every write of a session in use would change it.
 */
export function after(milliseconds: string): string {
  return `to_timestamp(ceil((extract(epoch FROM now()) + ${milliseconds}::float8 / 1000) / 10) * 10)`
}

/** The settings of PostgreSQL that can lose sessions. */

import type { PostgresConnection } from './client.ts'
import { isDenied, versionsIn } from './failures.ts'
import type { Statements } from './statements.ts'
import { schemaFinding } from '../schema-version.ts'

/** A sentence for each setting that can lose sessions. */
export async function checkPostgres(
  connection: PostgresConnection,
  sql: Statements,
): Promise<string[]> {
  const [settings = []] = (await connection.query(sql.settings, [PROBE])).rows
  const [synchronousCommit, fsync, isReplica, readOnly, encoding, text] = settings
  const [rights, tables] = await tablesFindings(connection, sql)
  const findings: [boolean, string][] = [
    [tables !== undefined, tables ?? ''],
    [
      rights !== undefined,
      `The client's role has no right to ${rights}: GRANT what "Least rights" in the guide to stores lists.`,
    ],
    [
      isReplica === 'yes',
      'This server is a replica, which cannot be written to: give the store a client of the primary.',
    ],
    [
      isReplica !== 'yes' && readOnly === 'on',
      'Transactions are read-only here (default_transaction_read_only): no session can be kept.',
    ],
    [
      synchronousCommit === 'off',
      'synchronous_commit is off: a crash of the server can undo the last logouts and logins. Set it to on for the role or database of the sessions.',
    ],
    [
      fsync === 'off' && !connection.isEmbedded,
      'fsync is off: a crash of the machine can destroy every session. Set it to on.',
    ],
    [
      text !== PROBE,
      'The client does not return text as it is (a type parser or `transform`): give the store a client of its own.',
    ],
    [
      encoding !== 'UTF8',
      `The database is encoded in ${String(encoding)}, which does not hold every character: keep the sessions in one with UTF8.`,
    ],
  ]
  const found = findings.flatMap(([isFound, sentence]) => (isFound ? [sentence] : []))
  return [...found, ...connection.check()]
}

/** What the role may not do, and what is wrong with the tables' version, as far as it may be read. */
async function tablesFindings(
  connection: PostgresConnection,
  sql: Statements,
): Promise<[rights: string | undefined, tables: string | undefined]> {
  try {
    const [[missing] = []] = (await connection.query(sql.rights, [''])).rows
    if (missing) return [String(missing), undefined]
    return [undefined, schemaFinding(await versionsIn(connection, sql.version))]
  } catch (error) {
    if (isDenied(error)) return [`use the schema (${error.message})`, undefined]
    throw error
  }
}

/** A text that a parser for numbers, dates or trimmed texts would change. */
const PROBE = ' 007 '

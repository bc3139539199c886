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
      'This server is a replica, which cannot be written to: pass a client of the primary to the store.',
    ],
    [
      isReplica !== 'yes' && readOnly === 'on',
      'Transactions are read-only here (default_transaction_read_only): no session can be saved.',
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
      'The client changes text that it returns (a type parser or `transform`): pass a client of its own to the store.',
    ],
    [
      encoding !== 'UTF8',
      `The encoding of the database is ${String(encoding)}, which cannot store every character: save sessions in a database with UTF8.`,
    ],
  ]
  const found = findings.flatMap(([isFound, sentence]) => (isFound ? [sentence] : []))
  return [...found, ...connection.check()]
}

/** The rights that the role lacks, and a sentence if the tables have another version. */
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

/** A text that a parser would change if it reads numbers or dates, or trims texts. */
const PROBE = ' 007 '

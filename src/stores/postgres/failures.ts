/** Checks the version of the tables, retries rolled-back statements, and classifies errors. */

import { setTimeout as pause } from 'node:timers/promises'
import { withCause, SessionError } from '../../base/errors.ts'
import { isError } from '../../base/realm.ts'
import type { PostgresConnection, Reply } from './client.ts'
import { SCHEMA_VERSION } from './schema.ts'
import type { Statement } from './statement.ts'
import { schemaFault, type Versions } from '../schema-version.ts'

/** Sends a statement, and sends it again if the server rolled it back. */
export type SendStatement = (statement: Statement, ...values: readonly unknown[]) => Promise<Reply>

/** Checks the tables' version before the first statement, and after one that fails because of it. */
export function sendTo(connection: PostgresConnection, version: Statement): SendStatement {
  let checked: Promise<void> | undefined

  return async (statement, ...values) => {
    await (checked ??= assertSchema())
    try {
      return await again(() => connection.query(statement, values))
    } catch (error) {
      if (!isMisfit(error)) throw error
      checked = undefined
      throw schemaFault(await versionsIn(connection, version)) ?? error
    }
  }

  /** A failed check is not remembered: the next statement checks again. */
  async function assertSchema(): Promise<void> {
    try {
      const fault = schemaFault(await versionsIn(connection, version))
      if (fault) throw fault
    } catch (error) {
      checked = undefined
      throw error
    }
  }
}

/** The version of the tables, and the one this release makes. */
export async function versionsIn(
  connection: PostgresConnection,
  version: Statement,
): Promise<Versions> {
  const versions = { engine: 'PostgreSQL', found: undefined, own: SCHEMA_VERSION }
  try {
    const { rows } = await again(() => connection.query(version, ['']))
    return { ...versions, found: Number(rows[0]?.[0] ?? 0) }
  } catch (error) {
    if (isMisfit(error)) return versions
    throw error
  }
}

/** The error of a script that could not make the tables. */
export function creationFailure(error: unknown): unknown {
  if (codeOf(error) !== NO_SUCH_SCHEMA) return error
  const what = 'belong to a schema that does not exist: run CREATE SCHEMA first'
  return withCause(new SessionError('ERR_STORE_SCHEMA', 'PostgreSQL', what), error)
}

/** Whether the server rolled the statement back and says that it may be sent again. */
export function isRolledBack(error: unknown): boolean {
  return ['40001', '40P01'].includes(codeOf(error))
}

/** Whether the server's disk was full: it has changed nothing. */
export function isFull(error: unknown): boolean {
  return codeOf(error) === '53100'
}

/** Whether the queue of notifications is full, because a listening client does not read them. */
export function isQueueFull(error: unknown): boolean {
  return codeOf(error) === '54000'
}

/** Whether the role lacks a right. */
export function isDenied(error: unknown): error is Error {
  return codeOf(error) === '42501'
}

/**
 * Retries a statement that the server rolled back; after the last attempt it throws that error.
 *
 * The first retry is immediate, because the conflicting transaction has ended; the pauses before the
 * next ones grow.
 */
export async function again<Answer>(send: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send()
    } catch (error) {
      if (!isRolledBack(error) || attempt === ATTEMPTS) throw error
      if (attempt > 1) await pause(Math.random() * Math.min(2 ** attempt, LONGEST_PAUSE_MS))
    }
  }
}

const ATTEMPTS = 12
const LONGEST_PAUSE_MS = 32

const NO_SUCH_SCHEMA = '3F000'

/** undefined_table, undefined_column, invalid_schema_name, and no constraint for ON CONFLICT. */
function isMisfit(error: unknown): boolean {
  return ['42P01', '42703', NO_SUCH_SCHEMA, '42P10'].includes(codeOf(error))
}

/** The SQLSTATE of an error. Bun has it in `errno`; its `code` is another one. */
function codeOf(error: unknown): string {
  if (!isError(error)) return ''
  const { code, errno } = error as Error & { code?: unknown; errno?: unknown }
  return String(code === 'ERR_POSTGRES_SERVER_ERROR' ? errno : code)
}

/** Sends statements to tables that fit, and tells what PostgreSQL's errors mean for a store. */

import { setTimeout as pause } from 'node:timers/promises'
import { withCause, SessionError } from '../../base/errors.ts'
import type { PostgresConnection } from './client.ts'
import { SCHEMA_VERSION } from './schema.ts'
import type { Statement } from './statements.ts'
import { schemaFault, type Versions } from '../schema-version.ts'

/** Sends a statement, and again if the server rolled it back. @returns its rows. */
export type SendStatement = (
  statement: Statement,
  ...values: readonly unknown[]
) => Promise<unknown[][]>

/** Before the first statement the tables' version is looked at, and after one that does not fit. */
export function sendTo(connection: PostgresConnection, version: Statement): SendStatement {
  let looked: Promise<void> | undefined

  return async (statement, ...values) => {
    const looking = (looked ??= assertSchema())
    try {
      await looking
    } catch (error) {
      lookAgain(looking)
      throw error
    }
    try {
      return await again(() => connection.query(statement, values))
    } catch (error) {
      if (!isMisfit(error)) throw error
      lookAgain(looking)
      throw schemaFault(await versionsIn(connection, version)) ?? error
    }
  }

  async function assertSchema(): Promise<void> {
    const fault = schemaFault(await versionsIn(connection, version))
    if (fault) throw fault
  }

  function lookAgain(looking: Promise<void>): void {
    if (looked === looking) looked = undefined
  }
}

/** The version of the tables, and the one this release makes. */
export async function versionsIn(
  connection: PostgresConnection,
  version: Statement,
): Promise<Versions> {
  return {
    engine: 'PostgreSQL',
    found: await versionIn(connection, version),
    own: SCHEMA_VERSION,
  }
}

async function versionIn(
  connection: PostgresConnection,
  version: Statement,
): Promise<number | undefined> {
  try {
    const [row] = await again(() => connection.query(version))
    return Number(row?.[0] ?? 0)
  } catch (error) {
    if (isMisfit(error)) return undefined
    throw error
  }
}

/** What to tell of a script that could not make the tables. */
export function creationFailure(error: unknown): unknown {
  if (codeOf(error) !== NO_SUCH_SCHEMA) return error
  const what = 'are to be in a schema that does not exist: CREATE SCHEMA first'
  return withCause(new SessionError('ERR_STORE_SCHEMA', 'PostgreSQL', what), error)
}

/** Whether the server rolled the statement back and says that it may be sent again. */
export function isRolledBack(error: unknown): boolean {
  return ['40001', '40P01'].includes(codeOf(error))
}

/**
 * Sends what certainly was not executed again; the last such error is the caller's.
 *
 * At once, since the other side is done when the error is here, then after ever longer pauses.
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

function codeOf(error: unknown): string {
  return error instanceof Error ? String((error as Error & { code?: unknown }).code) : ''
}

/** What PostgreSQL's errors mean for a store: sent in vain, no tables, or not known. */

import { setTimeout as pause } from 'node:timers/promises'
import { because, SessionError } from '../base/errors.ts'
import type { Connection } from './postgres-client.ts'
import { SCHEMA_VERSION } from './postgres-schema.ts'
import type { Statement } from './postgres-statements.ts'

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

/** Puts what is wrong with the tables in the place of an error that comes from that. */
export async function explained(
  error: unknown,
  connection: Connection,
  version: Statement,
): Promise<unknown> {
  if (!NO_SUCH_THING.includes(codeOf(error))) return error
  const found = await schemaFound(connection, version)
  return found ? because(new SessionError('ERR_STORE_SCHEMA', 'PostgreSQL', found), error) : error
}

/** What is wrong with the tables, to go on with "The tables ...", or undefined if they fit. */
export async function schemaFound(
  connection: Connection,
  version: Statement,
): Promise<string | undefined> {
  const found = await schemaVersion(connection, version)
  if (found === SCHEMA_VERSION) return undefined
  if (found === 0) return 'are not there'
  return `have version ${found}, and this release needs version ${SCHEMA_VERSION}`
}

/** The version of the tables; 0 where there are none. */
export async function schemaVersion(connection: Connection, version: Statement): Promise<number> {
  try {
    return Number((await connection.query(version))[0]?.[0] ?? 0)
  } catch (error) {
    if (NO_SUCH_THING.includes(codeOf(error))) return 0
    throw error
  }
}

/** undefined_table, undefined_column, invalid_schema_name, and no constraint for ON CONFLICT. */
const NO_SUCH_THING = ['42P01', '42703', '3F000', '42P10']

function codeOf(error: unknown): string {
  return error instanceof Error ? String((error as Error & { code?: unknown }).code) : ''
}

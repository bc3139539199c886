/** The versions of a SQL store's tables that this release works with, and the errors for others. */

import { sentenceOf, SessionError } from '../base/errors.ts'

/** The version of the tables, and the one that this release makes. */
export interface Versions {
  readonly engine: string
  /** `undefined` if there are no tables. */
  readonly found: number | undefined
  readonly own: number
}

/**
 * The error if this release cannot work with the tables. It can with those of the next version: no
 * migration removes what the release before needs, since both run during a rollout.
 */
export function schemaFault({ engine, found, own }: Versions): SessionError | undefined {
  if (found === own || found === own + 1) return undefined
  const what =
    found === undefined
      ? 'are missing'
      : found < own
        ? `have version ${found}, and this release needs version ${own}`
        : `have version ${found}, and this release knows up to ${own + 1}`
  return new SessionError('ERR_STORE_SCHEMA', engine, what)
}

/** A sentence about tables of another version; `undefined` if they are this release's. */
export function schemaFinding(versions: Versions): string | undefined {
  const { engine, found, own } = versions
  if (found !== own + 1) {
    const fault = schemaFault(versions)
    return fault && sentenceOf(fault)
  }
  return (
    `The tables for sessions in ${engine} have version ${found}, of a newer release than this one. ` +
    'It works with them while the newer one is rolled out, and not with those that come after.'
  )
}

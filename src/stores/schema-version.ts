/** Which versions of a SQL store's tables this release supports, and the errors for others. */

import { sentenceOf, SessionError } from '../base/errors.ts'

/** The version of the tables, and the one that this release makes. */
export interface Versions {
  readonly engine: string
  /** `undefined` if there are no tables. */
  readonly found: number | undefined
  readonly own: number
}

/**
 * The error if this release does not support the tables. It supports those of the next version: no
 * migration removes what the release before needs, because both releases run during a rollout.
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

/** A sentence if the tables are missing or have another version; otherwise `undefined`. */
export function schemaFinding(versions: Versions): string | undefined {
  const { engine, found, own } = versions
  if (found !== own + 1) {
    const fault = schemaFault(versions)
    return fault && sentenceOf(fault)
  }
  return (
    `The tables for sessions in ${engine} have version ${found}, which a newer release has made. ` +
    'This release supports that version during a rollout, but no later version: update it.'
  )
}

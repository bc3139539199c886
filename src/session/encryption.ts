/** The option `encrypt`: what it takes, and what it makes of cookies and of rows. */

import { type RowCipher, rowCipher } from '../backends/row-cipher.ts'
import type { Clock } from '../base/ports.ts'
import { encrypter } from '../crypto/encrypted.ts'
import { encryptingSealer, migratingSealer, type Sealer } from '../crypto/sealer.ts'
import { keysFor, type Scope } from './keys.ts'
import { invalid, refuseUnknown, requireObject } from './refusals.ts'

/** How encryption begins where sessions exist that are not encrypted. */
export interface EncryptOptions {
  /**
   * Until then sessions open that are not encrypted yet; each is encrypted with its next answer. A
   * date, or its text with the year first: `'2027-03-01'`.
   */
  migrateUntil: Date | string
}

/** Encryption as it was decided; `undefined` for none. */
export interface Encryption {
  /** In milliseconds since 1970; `undefined` where nothing is migrated. */
  readonly migrateUntil: number | undefined
}

/** @throws ERR_OPTION_INVALID */
export function encryptionOf(given: unknown): Encryption | undefined {
  if (given === undefined || given === false) return undefined
  if (given === true) return { migrateUntil: undefined }
  const { migrateUntil: until, ...rest } = requireObject(
    given,
    'encrypt',
  ) as Partial<EncryptOptions>
  refuseUnknown(rest, ['migrateUntil'], 'encrypt.')
  const date = typeof until === 'string' && ISO_DATE.test(until) ? new Date(until) : until
  if (!(date instanceof Date) || Number.isNaN(date.getTime())) {
    throw invalid('encrypt.migrateUntil', "has to be a date, such as '2027-03-01'")
  }
  return { migrateUntil: date.getTime() }
}

// Other texts mean different days on different machines.
const ISO_DATE = /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/

/** What is decided once for all the cookies or rows of an app. */
export interface EncryptionContext {
  secrets: readonly Uint8Array[]
  scope: Scope
  clock: Clock
}

/** Seals cookies; `signing` opens those from before. */
export function cookieSealer(
  { migrateUntil }: Encryption,
  { secrets, scope, clock }: EncryptionContext,
  signing: Sealer,
): Sealer {
  const keys = keysFor(secrets, 'encrypted', scope)
  const sealer = encryptingSealer(encrypter(keys, { ...scope, purpose: 'session' }))
  if (migrateUntil === undefined) return sealer
  return migratingSealer(sealer, signing, migrateUntil, clock)
}

/** Seals the rows of a store. */
export function storeCipher(
  { migrateUntil }: Encryption,
  { secrets, scope, clock }: EncryptionContext,
): RowCipher {
  const keys = keysFor(secrets, 'row', scope)
  return rowCipher(encrypter(keys, { ...scope, purpose: 'row' }), migrateUntil ?? 0, clock)
}

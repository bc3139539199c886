/** The option `encrypt`: what it takes, and the encryption of cookies. */

import type { Clock } from '../../base/ports.ts'
import { encrypter } from '../../crypto/encrypted.ts'
import {
  encryptingSealer,
  type EncryptionSchedule,
  migratingSealer,
  type Sealer,
} from '../../crypto/sealer.ts'
import { keysFor, type Scope } from '../../crypto/keys.ts'
import { invalid, refuseUnknown, requireObject } from '../../base/options.ts'

/** How encryption begins where sessions exist that are not encrypted. */
export interface EncryptOptions {
  /**
   * Until then sessions open that are not encrypted yet; each is encrypted with its next answer. A
   * date, or its text with the year first: `'2027-03-01'`.
   */
  migrateUntil: Date | string
  /**
   * From then on sessions are encrypted; before, what is encrypted already opens. With several
   * servers: a time by which all of them have this configuration. @default at once
   */
  from?: Date | string
}

/** @throws ERR_OPTION_INVALID */
export function encryptionOf(given: unknown): EncryptionSchedule | undefined {
  if (given === undefined || given === false) return undefined
  if (given === true) return { migrateUntil: undefined, from: 0 }
  const options = requireObject(given, 'encrypt') as Partial<EncryptOptions>
  refuseUnknown(options, ['migrateUntil', 'from'], 'encrypt.')
  const migrateUntil = timeOf(options.migrateUntil, 'encrypt.migrateUntil')
  const from = options.from === undefined ? 0 : timeOf(options.from, 'encrypt.from')
  if (from >= migrateUntil) {
    throw invalid('encrypt.from', 'is not before migrateUntil: sessions would end that just began')
  }
  return { migrateUntil, from }
}

function timeOf(given: unknown, option: string): number {
  const date = typeof given === 'string' && ISO_DATE.test(given) ? new Date(given) : given
  const time = date instanceof Date ? date.getTime() : Number.NaN
  // The 30th of February would be the 2nd of March.
  if (Number.isNaN(time) || (typeof given === 'string' && !isDay(given.slice(0, 10)))) {
    throw invalid(option, "has to be a date, such as '2027-03-01'")
  }
  return time
}

function isDay(text: string): boolean {
  return new Date(text).toJSON()?.startsWith(text) ?? false
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
  { migrateUntil, from }: EncryptionSchedule,
  { secrets, scope, clock }: EncryptionContext,
  signing: Sealer,
): Sealer {
  const keys = keysFor(secrets, 'encrypted', scope)
  const sealer = encryptingSealer(encrypter(keys, { ...scope, purpose: 'session' }))
  if (migrateUntil === undefined) return sealer
  return migratingSealer(sealer, signing, { from, until: migrateUntil, clock })
}

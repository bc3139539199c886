/** The option `encrypt`: its check, its dates for a migration, and the sealer for cookies. */

import type { Clock } from '../../base/ports.ts'
import { encrypter } from '../../crypto/encrypted.ts'
import { type EncryptionSchedule, migratingSealer, type Sealer } from '../../crypto/sealer.ts'
import { keysFor, type Scope } from '../../crypto/keys.ts'
import { invalid, refuseUnknown, requireObject } from '../../base/options.ts'
import { isDate } from '../../base/realm.ts'

/** How to turn encryption on while unencrypted sessions exist. */
export interface EncryptOptions {
  /**
   * Until this time unencrypted sessions are still accepted, and each is encrypted with its next
   * response. Afterwards they are rejected. A `Date`, or ISO 8601 text: `'2027-03-01'`.
   */
  migrateUntil: Date | string
  /**
   * From this time on sessions are encrypted; before it, encrypted ones are already accepted. With
   * several servers: a time by which all of them run with this option. @default immediately
   */
  from?: Date | string
}

/** Checks the option. Returns `undefined` if nothing is encrypted. @throws ERR_OPTION_INVALID */
export function encryptionOf(given: unknown): EncryptionSchedule | undefined {
  if (given === undefined || given === false) return undefined
  if (given === true) return { migrateUntil: undefined, from: 0 }
  const options = requireObject(given, 'encrypt') as Partial<EncryptOptions>
  refuseUnknown(options, ['migrateUntil', 'from'], 'encrypt.')
  const migrateUntil = timeOf(options.migrateUntil, 'encrypt.migrateUntil')
  const from = options.from === undefined ? 0 : timeOf(options.from, 'encrypt.from')
  if (from >= migrateUntil) {
    throw invalid(
      'encrypt.from',
      'has to be before migrateUntil, or new sessions would be rejected',
    )
  }
  return { migrateUntil, from }
}

/** A date option in milliseconds since 1970. @throws ERR_OPTION_INVALID */
export function timeOf(given: unknown, option: string): number {
  const date = typeof given === 'string' && ISO_DATE.test(given) ? new Date(given) : given
  const time = isDate(date) ? date.getTime() : Number.NaN
  // `new Date` reads the 30th of February as the 2nd of March.
  if (Number.isNaN(time) || (typeof given === 'string' && !isDay(given.slice(0, 10)))) {
    throw invalid(option, "has to be a date, such as '2027-03-01'")
  }
  return time
}

function isDay(text: string): boolean {
  return new Date(text).toJSON()?.startsWith(text) ?? false
}

// `new Date` reads other texts in the local time zone.
const ISO_DATE = /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/

/** What encryption needs besides its schedule. */
export interface EncryptionContext {
  secrets: readonly Uint8Array[]
  scope: Scope
  clock: Clock
}

/** Encrypts cookies. During a migration `signing` opens those that are only signed. */
export function cookieSealer(
  { migrateUntil, from }: EncryptionSchedule,
  { secrets, scope, clock }: EncryptionContext,
  signing: Sealer,
): Sealer {
  const keys = keysFor(secrets, 'encrypted', scope)
  const sealer = encrypter(keys, { ...scope, purpose: 'session' })
  if (migrateUntil === undefined) return sealer
  return migratingSealer(sealer, signing, { from, until: migrateUntil, clock })
}

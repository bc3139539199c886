/** Signs or encrypts the text of a cookie, and migrates from signed to encrypted cookies. */

import type { Clock } from '../base/ports.ts'
import { unpack } from './payload.ts'
import type { TimedSigner, Unverified } from './signed.ts'

/** A verified or decrypted value. */
export interface Unsealed {
  text: string
  /** When it was sealed, in seconds since 1970. */
  seconds: number
  /** The index of the secret that sealed it: 0 is the current one. */
  key: number
  /** Whether it is only signed although cookies are encrypted now: it is rewritten encrypted. */
  isFormer?: boolean
}

/** Why a value was rejected: the `reason` of the event `rejected`. */
export type Refused = Unverified | 'unknown-key' | 'payload' | 'expired'

/** An encrypter is one, too. Seals a text with the time (whole seconds since 1970) under the current secret; unseals it. */
export interface Sealer {
  seal(text: string, seconds: number): string
  /** As `seal`, in fewer characters and more slowly, where the format allows it (compression). */
  readonly sealShorter?: (text: string, seconds: number) => string
  open(value: string): Unsealed | Refused
}

/** Signs only: anybody can read the text. `packShorter` is the slower, shorter encoding. */
export function signingSealer(
  signer: TimedSigner,
  [pack, packShorter]: readonly [Pack, Pack?],
): Sealer {
  return {
    seal: (text, seconds) => signer.sign(pack(text), seconds),
    ...(packShorter && {
      sealShorter: (text, seconds) => signer.sign(packShorter(text), seconds),
    }),
    open(value) {
      const verified = signer.verify(value)
      if (typeof verified === 'string') return verified
      const text = unpack(verified.body)
      if (text === undefined) return 'payload'
      return { text, seconds: verified.seconds, key: verified.key }
    },
  }
}

/** Encodes a text as base64url. */
type Pack = (text: string) => string

/** When encryption begins and plain values end. Times in milliseconds since 1970. */
export interface EncryptionSchedule {
  /** Unencrypted values are accepted before this time; never if `undefined`. */
  readonly migrateUntil: number | undefined
  /** Values are encrypted from this time on; 0 means immediately. */
  readonly from: number
}

/** The time of a migration from one format to another. Times in milliseconds since 1970. */
export interface Migration {
  /** The new format is written from this time on: by then every server must be able to read it. */
  readonly from: number
  /** The old format is rejected from this time on. */
  readonly until: number
  readonly clock: Clock
}

/** Signs before `from` and encrypts afterwards; accepts signed values until `until`. */
export function migratingSealer(
  encrypting: Sealer,
  signing: Sealer,
  { from, until, clock }: Migration,
): Sealer {
  const current = () => (clock() < from ? signing : encrypting)
  return {
    seal: (text, seconds) => current().seal(text, seconds),
    sealShorter(text, seconds) {
      const { seal, sealShorter = seal } = current()
      return sealShorter(text, seconds)
    },
    open(value) {
      // A signed value contains dots, an encrypted one never does: each is tried in one way only.
      if (!value.includes('.') || clock() >= until) return encrypting.open(value)
      const opened = signing.open(value)
      return typeof opened === 'string' ? opened : { ...opened, isFormer: clock() >= from }
    },
  }
}

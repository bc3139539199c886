/** Seals text with the time for a cookie, signed or encrypted, and migrates from one to the other. */

import type { Clock } from '../base/ports.ts'
import type { Encrypter } from './encrypted.ts'
import { unpack } from './payload.ts'
import type { TimedSigner, Unverified } from './signed.ts'

/** What a sealed value said. */
export interface Unsealed {
  text: string
  /** When it was sealed, in seconds since 1970. */
  seconds: number
  /** The index of the secret that sealed it. */
  key: number
  /** Whether it was only signed although cookies are encrypted by now: it is rewritten. */
  isFormer: boolean
}

/** Why a value did not open; see the events. */
export type Refused = Unverified | 'unknown-key' | 'payload'

/** Seals text with the time, and opens it. */
export interface Sealer {
  seal(text: string, seconds: number): string
  /** The same in fewer characters, where there is a way. */
  readonly sealShorter?: (text: string, seconds: number) => string
  open(value: string): Unsealed | Refused
}

/** Signs: anybody can read the text. `packs` are the ways to spell it, the quickest first. */
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
      return { text, seconds: verified.seconds, key: verified.key, isFormer: false }
    },
  }
}

/** Spells a text in base64url. */
type Pack = (text: string) => string

/** Encrypts: nobody without the secret can read the text. */
export function encryptingSealer(encrypter: Encrypter): Sealer {
  return {
    seal: (text, seconds) => encrypter.seal(text, seconds),
    open(value) {
      const opened = encrypter.open(value)
      return typeof opened === 'string' ? opened : { ...opened, isFormer: false }
    },
  }
}

/** From when on what is kept is encrypted. In milliseconds since 1970. */
export interface EncryptionSchedule {
  /** Until then what is not encrypted is still accepted; `undefined`: it never is. */
  readonly migrateUntil: number | undefined
  /** Before, nothing is encrypted yet; 0 for at once. */
  readonly from: number
}

/** From when to when one way takes the place of another. In milliseconds since 1970. */
export interface Migration {
  /** Before, nothing is written in the new way yet: servers take the configuration over in turn. */
  readonly from: number
  /** From then on the old way is not read any more. */
  readonly until: number
  readonly clock: Clock
}

/** Encrypts from a time on, and until another opens what was only signed. */
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
      // What is signed has two dots, and an envelope has none: neither is tried as the other.
      if (!value.includes('.') || clock() >= until) return encrypting.open(value)
      const opened = signing.open(value)
      return typeof opened === 'string' ? opened : { ...opened, isFormer: clock() >= from }
    },
  }
}

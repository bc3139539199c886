/** The secrets: the first signs, all verify. Each purpose gets a key of its own. */

import { createHmac } from 'node:crypto'
import { lengthPrefixed } from '../base/bytes.ts'
import { SessionError } from '../base/errors.ts'
import { invalid } from '../base/options.ts'
import { type Weakness, weaknessOf } from './weak-secrets.ts'

/** A secret: text, in UTF-8 or announced by `base64:` or `hex:`; or bytes. */
export type Secret = string | Uint8Array

/** More secrets than this make every forged cookie expensive to refuse. */
const MAX_SECRETS = 8

/** How strictly secrets are taken. */
export interface SecretPolicy {
  /** What the user calls the option: it stands in the messages. */
  where: string
  /** What to do when there is none: it ends the message. */
  remedy: string
  /** Weaknesses that are refused rather than told. */
  refuse: readonly Weakness[]
  /** Whether `base64:` and `hex:` announce bytes. @default 'prefixed': they do */
  spelling?: 'prefixed' | 'literal'
}

/** The secrets as bytes, with the weaknesses that were let through. */
export interface Keyring {
  secrets: readonly Uint8Array[]
  weaknesses: readonly Weakness[]
}

/**
 * Takes the secrets as they were configured.
 *
 * The first must be there: an undefined first entry never promotes the old one behind it, or a
 * missing variable would bring a retired secret back to sign. Missing ones after it are left out.
 *
 * @throws ERR_SECRET_MISSING for none or an empty one, ERR_SECRET_WEAK for one the policy refuses,
 * ERR_OPTION_INVALID for other types and for more than eight.
 */
export function keyring(given: Secret | readonly Secret[], policy: SecretPolicy): Keyring {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given]
  if (list.length === 0) throw missing(policy)
  if (list.length > MAX_SECRETS)
    throw invalid(policy.where, `holds more than ${MAX_SECRETS} secrets`)
  const secrets: Uint8Array[] = []
  const weaknesses: Weakness[] = []
  for (const [index, secret] of list.entries()) {
    const where = list.length > 1 ? `${policy.where}[${index}]` : policy.where
    // The variable of a previous secret is not set most of the time.
    if (index > 0 && (secret === undefined || secret === null || secret === '')) continue
    const bytes = secretBytes(secret, { ...policy, where })
    const weakness = weaknessOf(bytes)
    if (weakness && policy.refuse.includes(weakness)) {
      throw new SessionError('ERR_SECRET_WEAK', where, explain(weakness, bytes.length))
    }
    if (weakness) weaknesses.push(weakness)
    secrets.push(bytes)
  }
  return { secrets, weaknesses }
}

function secretBytes(secret: unknown, policy: SecretPolicy): Uint8Array {
  if (secret === undefined || secret === null || secret === '') throw missing(policy)
  const bytes = typeof secret === 'string' ? bytesOf(secret, policy) : secret
  if (!(bytes instanceof Uint8Array)) {
    throw invalid(policy.where, 'has to be a string or a Uint8Array')
  }
  if (bytes.length === 0) throw missing(policy)
  return bytes
}

/** Text as UTF-8; where the policy says so, `base64:` and `hex:` announce bytes. */
function bytesOf(text: string, { where, spelling }: SecretPolicy): Buffer {
  const [, encoding, spelled = ''] = /^(base64|hex):(.*)$/s.exec(text) ?? []
  if (spelling === 'literal' || encoding === undefined) return Buffer.from(text, 'utf8')
  const isHex = encoding === 'hex'
  const bytes = Buffer.from(spelled, isHex ? 'hex' : 'base64')
  // Base64 may be in either alphabet, with or without padding.
  const canonical = isHex
    ? spelled.toLowerCase()
    : spelled
        .replaceAll('+', '-')
        .replaceAll('/', '_')
        .replace(/={1,2}$/, '')
  if (bytes.toString(isHex ? 'hex' : 'base64url') === canonical) return bytes
  throw invalid(where, `begins with "${encoding}:", and what follows is not ${encoding} to its end`)
}

function missing({ where, remedy }: SecretPolicy): SessionError {
  return new SessionError('ERR_SECRET_MISSING', where, remedy)
}

/** A weakness in words that fit after "The secret". */
export function explain(weakness: Weakness, bytes?: number): string {
  switch (weakness) {
    case 'well-known':
      return 'is published in tutorials or is a placeholder, so everybody knows it'
    case 'pattern':
      return 'is a simple pattern and can be guessed'
    case 'short':
      return `has ${bytes === undefined ? 'fewer than 32 bytes' : `${bytes} bytes, and 32 are needed`}`
  }
}

/**
 * A key for one use of a secret: HMAC-SHA-256 over the length-prefixed labels.
 *
 * Two uses cannot read each other, and no use gives the secret away (NIST SP 800-108).
 */
export function deriveKey(secret: Uint8Array, ...labels: string[]): Uint8Array {
  return createHmac('sha256', secret)
    .update(lengthPrefixed(...labels))
    .digest()
}

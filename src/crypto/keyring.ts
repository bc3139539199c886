/** Validates the configured secrets (key rotation: the first signs, all verify); derives keys. */

import { createHmac } from 'node:crypto'
import { lengthPrefixed } from '../base/bytes.ts'
import { SessionError } from '../base/errors.ts'
import { invalid } from '../base/options.ts'
import { isBytes } from '../base/realm.ts'
import { type Weakness, weaknessOf } from './weak-secrets.ts'

/** A secret: text (UTF-8, or encoded with the prefix `base64:` or `hex:`), or bytes. */
export type Secret = string | Uint8Array

/** A forged cookie is checked against each secret, so their number is limited. */
const MAX_SECRETS = 8

/** How secrets are validated. */
export interface SecretPolicy {
  /** The name of the option, for error messages. */
  where: string
  /** What to do if the secret is missing: the end of that error message. */
  remedy: string | (() => string)
  /** Weaknesses that throw ERR_SECRET_WEAK; all others are returned. */
  refuse: readonly Weakness[]
  /** `prefixed`: `base64:` and `hex:` text is decoded; `literal`: never. @default 'prefixed' */
  spelling?: 'prefixed' | 'literal'
}

/** The secrets as bytes, and the weaknesses that the policy does not refuse. */
export interface Keyring {
  secrets: readonly Uint8Array[]
  weaknesses: readonly Weakness[]
}

/**
 * Validates the configured secrets and returns them as bytes.
 *
 * The first is required: if its environment variable is not set, a previous secret must not become
 * the one that signs. Missing ones after it are skipped.
 *
 * @throws ERR_SECRET_MISSING if the first is missing or one is empty; ERR_SECRET_WEAK for one the
 * policy refuses; ERR_OPTION_INVALID for another type, a wrong encoding, or more than eight.
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
    // The environment variable of a previous secret is usually not set.
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
  if (!isBytes(bytes)) {
    throw invalid(policy.where, 'has to be a string or a Uint8Array')
  }
  if (bytes.length === 0) throw missing(policy)
  return bytes
}

/** The bytes of a text: UTF-8, or decoded after `base64:` or `hex:` unless literal. */
function bytesOf(text: string, { where, spelling }: SecretPolicy): Buffer {
  const [, encoding, spelled = ''] = /^(base64|hex):(.*)$/s.exec(text) ?? []
  if (spelling === 'literal' || encoding === undefined) return Buffer.from(text, 'utf8')
  const isHex = encoding === 'hex'
  const bytes = Buffer.from(spelled, isHex ? 'hex' : 'base64')
  // Base64 in the standard or the URL-safe alphabet, with or without padding.
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
  return new SessionError(
    'ERR_SECRET_MISSING',
    where,
    typeof remedy === 'string' ? remedy : remedy(),
  )
}

/** Describes a weakness, to follow "The secret" in a message. `bytes` is the secret's length. */
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
 * Derives a key of 32 bytes for one purpose: HMAC-SHA-256 over the length-prefixed labels.
 *
 * Keys of different labels are independent, and none reveals the secret (NIST SP 800-108).
 */
export function deriveKey(secret: Uint8Array, ...labels: string[]): Uint8Array {
  return createHmac('sha256', secret)
    .update(lengthPrefixed(...labels))
    .digest()
}

/** The session id in the cookie of a stored session: `selector.verifier.mac`. */

import * as crypto from 'node:crypto'
import { encodeBase64url } from '../../base/bytes.ts'
import type { Random } from '../../base/ports.ts'
import { authenticator } from '../../crypto/signed.ts'

/** An id that was issued here. `key` is the index of the secret that signed it. */
export interface SessionId {
  /** The session's key in the store, for its whole lifetime; also its handle. */
  selector: string
  /** The secret part; the store only has its hash. */
  verifier: string
  key: number
}

/** Writes and reads the cookie's value. */
export interface SessionIdFormat {
  issue(selector: string, verifier: string): string
  /** The id, or why it is invalid: then the store is not read. */
  parse(value: string): SessionId | 'malformed' | 'signature'
}

// id       = selector "." verifier "." mac
// selector = 22base64url   ; 128 random bits
// verifier = 43base64url   ; 256 random bits
// mac      = 16base64url   ; the first 96 bits of HMAC-SHA-256 over selector "." verifier
export const ID = /^([\w-]{22})\.([\w-]{43})\.([\w-]{16})$/

const MAC_CHARACTERS = 16

/** Makes the format: the first key signs, all verify. */
export function sessionIdFormat(keys: readonly Uint8Array[]): SessionIdFormat {
  const authenticate = authenticator(keys, 'sha256', MAC_CHARACTERS)
  return {
    issue(selector, verifier) {
      const id = `${selector}.${verifier}`
      return `${id}.${authenticate.sign(id)}`
    },
    parse(value) {
      const [, selector, verifier, mac] = ID.exec(value) ?? []
      if (selector === undefined || verifier === undefined || mac === undefined) return 'malformed'
      const key = authenticate.verify(`${selector}.${verifier}`, mac)
      return key === undefined ? 'signature' : { selector, verifier, key }
    },
  }
}

/** 128 random bits: enough that no two sessions get the same key. */
export function newSelector(random: Random): string {
  return encodeBase64url(random(16))
}

/** Whether a text can be a selector. Other texts are not sent to the store, which may not accept them. */
export function isSelector(text: string): boolean {
  return /^[\w-]{22}$/.test(text)
}

/** 256 random bits: nobody can guess them. */
export function newVerifier(random: Random): string {
  return encodeBase64url(random(32))
}

/**
 * The hash of a verifier in the store: 132 bits of SHA-256, since a shorter row takes less memory.
 *
 * Random bits need no slow hash and no salt. An attacker who reads the store would have to try 2^132
 * verifiers for one row, and would also need the secret for the mac. Equal hashes in two rows are
 * harmless.
 */
export function hashOfVerifier(verifier: string): string {
  return sha256(verifier).slice(0, HASH_LENGTH)
}

/** The characters of a verifier's hash, each of six bits. */
export const HASH_LENGTH = 22

function sha256(text: string): string {
  // One call, if the platform has it, allocates less.
  const { hash } = crypto as Partial<typeof crypto>
  if (hash) return hash('sha256', text, 'base64url')
  return crypto.createHash('sha256').update(text).digest('base64url')
}

/** an encrypted cookie names its version and its key, and opens under that key and no other. */

import { createDecipheriv, createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { keyFor } from '../../src/crypto/keys.ts'
import { keyIdOf, messageKey, plainOf } from '../crypto/envelope.ts'
import { T0 } from '../session/visitor.ts'
import { ENCRYPTED } from './kinds.ts'
import { underBothKeys } from './two-keys.ts'

const secretOf = (n: number) => createHash('sha256').update(`secret ${n}`).digest()
const keyOf = (secret: Uint8Array) =>
  keyFor(secret, 'encrypted', { audience: '', cookieName: 'session' })

/** The value with other bytes at a place. */
function withBytes(value: string, at: number, ...bytes: number[]): string {
  const envelope = Buffer.from(value, 'base64url')
  envelope.set(bytes, at)
  return envelope.toString('base64url')
}

describe('what an encrypted cookie says of itself', () => {
  test('every version byte but its own is refused', async () => {
    const app = ENCRYPTED.app()
    const value = await app.cookieOf((session) => session.login('ada'))
    for (let version = 0; version < 256; version += 1) {
      const { verified, rejected } = await app.open(withBytes(value, 0, version))
      expect([verified, rejected], String(version)).toEqual(
        version === 1 ? [1, []] : [0, ['malformed']],
      )
    }
  })

  test('every key id but its own is refused, those of other keys in the ring too', async () => {
    const secrets = Array.from({ length: 8 }, (_, n) => secretOf(n))
    const app = ENCRYPTED.app({ secret: secrets })
    const ids = secrets.map((secret) => keyIdOf(keyOf(secret)).readUInt16BE())
    const value = await app.cookieOf((session) => session.login('ada'))
    const reasons: Record<string, number> = {}
    for (let id = 0; id < 65_536; id += 1) {
      const { rejected } = await app.open(withBytes(value, 1, id >> 8, id & 255))
      const reason = rejected[0] ?? `opened: ${id === ids[0]}`
      reasons[reason] = (reasons[reason] ?? 0) + 1
    }
    expect(reasons).toEqual({ 'opened: true': 1, signature: 7, 'unknown-key': 65_528 })
  })

  test('under each key of a ring, no version and no key id of another opens', async () => {
    const secrets = Array.from({ length: 8 }, (_, n) => secretOf(n))
    const app = ENCRYPTED.app({ secret: secrets })
    for (const [n, secret] of secrets.entries()) {
      const value = await ENCRYPTED.app({ secret }).cookieOf((session) => session.login('ada'))
      expect(await app.open(value)).toMatchObject({ verified: 1, key: n })
      for (const other of secrets) {
        const named = withBytes(value, 1, ...keyIdOf(keyOf(other)))
        expect((await app.open(named)).verified).toBe(other === secret ? 1 : 0)
        for (const version of [0, 2, 255]) {
          expect((await app.open(withBytes(named, 0, version))).verified).toBe(0)
        }
      }
    }
  })
})

/** Two secrets whose keys share an id, as a pair in 65536 does: then nothing but the rest tells them apart. */
function secretsOfOneId(): [Uint8Array, Uint8Array] {
  const seen = new Map<string, Uint8Array>()
  for (let n = 0; ; n += 1) {
    const secret = secretOf(n)
    const id = keyIdOf(keyOf(secret)).toString('hex')
    const other = seen.get(id)
    if (other) return [other, secret]
    seen.set(id, secret)
  }
}

describe('a key of the same id', () => {
  test('does not open what the other sealed', async () => {
    const [one, other] = secretsOfOneId().map((secret) => ENCRYPTED.app({ secret }))
    const value = await one!.cookieOf((session) => session.login('ada'))
    expect(await one!.accepts(value)).toBe(true)
    expect((await other!.open(value)).rejected).toEqual(['signature'])
  })

  // AES-GCM is not committing: whoever knows several keys makes one value for all of them, and
  // learns from one answer which of them is in use (Len, Grubbs and Ristenpart, 2021).
  test('gets no value that two keys decrypt, though AES-GCM alone has such values', async () => {
    const secrets = secretsOfOneId()
    const apps = secrets.map((secret) => ENCRYPTED.app({ secret }))
    const id = keyIdOf(keyOf(secrets[0]))
    const head = Buffer.from([1, ...id])
    const salt = Buffer.alloc(24, 's')
    const labels = ['sojourn/1/enc', Uint8Array.of(1), id, 'session', '', 'session', '', salt]
    const okms = secrets.map((secret) => messageKey(keyOf(secret), labels))
    const keys = okms.map((okm) => ({ key: okm.subarray(0, 32), nonce: okm.subarray(32, 44) }))
    const plain = plainOf(T0 / 1000, '["s44we8.aaaaaa",{"x":"so it begins"')
    const whole = Buffer.concat([plain, Buffer.alloc(16 - (plain.length % 16), ' ')])
    const { ciphertext, tag } = underBothKeys(keys[0]!, keys[1]!, head, whole)

    for (const { key, nonce } of keys) {
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
      decipher.setAAD(head).setAuthTag(tag)
      decipher.update(ciphertext)
      expect(() => decipher.final()).not.toThrow()
    }
    for (const [n, okm] of okms.entries()) {
      const commitment = okm.subarray(44, 60)
      const value = Buffer.concat([head, salt, commitment, ciphertext, tag]).toString('base64url')
      const reasons = await Promise.all(
        apps.map(async (app) => (await app.open(value)).rejected[0]),
      )
      // Decrypted by its own key only, and what came out was no session.
      expect(reasons).toEqual(n === 0 ? ['malformed', 'signature'] : ['signature', 'malformed'])
    }
  })
})

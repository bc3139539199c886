/** The parts that no encrypted cookie with a key of its own can do without: JSON, base64url, AES-256-GCM. */

import { createCipheriv, createDecipheriv, createSecretKey, hash, randomBytes } from 'node:crypto'
import { ATTRIBUTES, type Contender, type Data } from './contender.ts'

const SALT = 24
const TAG = 16

/** `salt ciphertext tag`; key and nonce are one HMAC-SHA-512 of the salt, as Sojourn derives them. */
export function bareEncrypted(): Contender {
  const derive = bareDerivation(randomBytes(32))
  function read(cookie: string): Data {
    const bytes = Buffer.from(cookie.slice('session='.length), 'base64url')
    const { key, nonce } = derive(bytes.subarray(0, SALT))
    const decipher = createDecipheriv('aes-256-gcm', key, nonce)
    decipher.setAuthTag(bytes.subarray(-TAG))
    const text = decipher.update(bytes.subarray(SALT, -TAG)).toString('utf8')
    decipher.final()
    return JSON.parse(text) as Data
  }
  function write(data: Data): string {
    const salt = randomBytes(SALT)
    const { key, nonce } = derive(salt)
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    const ciphertext = cipher.update(JSON.stringify(data), 'utf8')
    cipher.final()
    const value = Buffer.concat([salt, ciphertext, cipher.getAuthTag()]).toString('base64url')
    return `session=${value}${ATTRIBUTES}`
  }
  return {
    open: (cookie, key) => read(cookie)[key],
    write,
    change: (cookie, key, value) => write({ ...read(cookie), [key]: value }),
  }
}

/** What Sojourn hashes before the salt: purpose, audience and name of the cookie. */
const LABEL = 73

function bareDerivation(secret: Uint8Array) {
  const inner = Buffer.alloc(128 + LABEL + SALT, 0x36)
  const outer = Buffer.alloc(128 + 64, 0x5c)
  for (const [index, byte] of secret.entries()) {
    inner[index]! ^= byte
    outer[index]! ^= byte
  }
  return (salt: Uint8Array) => {
    inner.set(salt, 128 + LABEL)
    outer.set(hash('sha512', inner, 'buffer'), 128)
    const derived = hash('sha512', outer, 'buffer')
    // From a KeyObject a cipher is made five times as fast as from bytes (Node 24).
    return { key: createSecretKey(derived.subarray(0, 32)), nonce: derived.subarray(32, 44) }
  }
}

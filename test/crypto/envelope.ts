/** The encrypted envelope, put together a second time from docs/formats.md: any part of it may be wrong. */

import { createCipheriv, createHmac } from 'node:crypto'

/** What an envelope is made of. What is given beside `plain` takes the place of what belongs there. */
export interface Envelope {
  key: Uint8Array
  labels: readonly [purpose: string, audience: string, cookieName: string, context: string]
  salt: Uint8Array
  plain: Uint8Array
  version?: number
  keyId?: Uint8Array
  commitment?: Uint8Array
  tag?: Uint8Array
  tagBytes?: number
}

/** Version and key id, salt, commitment, ciphertext, tag. */
export function parts(envelope: Envelope): Buffer[] {
  const { key, labels, salt, plain, version = 1, tagBytes = 16 } = envelope
  const id = envelope.keyId ?? keyIdOf(key)
  const okm = messageKey(key, ['sojourn/1/enc', Uint8Array.of(version), id, ...labels, salt])
  const head = Buffer.from([version, ...id])
  const [aes, nonce] = [okm.subarray(0, 32), okm.subarray(32, 44)]
  const cipher = createCipheriv('aes-256-gcm', aes, nonce, { authTagLength: tagBytes })
  cipher.setAAD(head)
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()])
  const commitment = Buffer.from(envelope.commitment ?? okm.subarray(44, 60))
  const tag = Buffer.from(envelope.tag ?? cipher.getAuthTag())
  return [head, Buffer.from(salt), commitment, ciphertext, tag]
}

/** The value as it is spelled. */
export function spell(envelope: Envelope): string {
  return Buffer.concat(parts(envelope)).toString('base64url')
}

/** The time of sealing before the text. */
export function plainOf(seconds: number, text: string | Uint8Array): Buffer {
  const time = Buffer.alloc(5)
  time.writeUIntBE(seconds, 0, 5)
  return Buffer.concat([time, Buffer.from(text)])
}

/** The two bytes that name a key. */
export function keyIdOf(key: Uint8Array): Buffer {
  return createHmac('sha256', key)
    .update(prefixed(['key id']))
    .digest()
    .subarray(0, 2)
}

/** The 64 bytes that every part of a message's key is cut from. */
export function messageKey(key: Uint8Array, labels: readonly (string | Uint8Array)[]): Buffer {
  return createHmac('sha512', key).update(prefixed(labels)).digest()
}

function prefixed(labels: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    labels.flatMap((label) => {
      const bytes = Buffer.from(label)
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
}

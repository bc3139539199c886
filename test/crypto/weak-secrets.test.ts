/** A secret that everybody knows is told however it is spelled. */

import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import published from '../fixtures/published-secrets.json' with { type: 'json' }
import { weaknessOf } from '../../src/crypto/weak-secrets.ts'

const judge = (text: string) => weaknessOf(Buffer.from(text))

/** The same secret as its bytes, hexadecimal and base64 are handed over. */
const spellings = (secret: Buffer) => [
  secret,
  ...[secret.toString('hex'), secret.toString('hex').toUpperCase()].map((text) =>
    Buffer.from(text),
  ),
  ...[secret.toString('base64'), secret.toString('base64url')].map((text) => Buffer.from(text)),
]

test.each(published.filter((secret) => secret.length >= 32))(
  '%j is well known in every spelling',
  (secret) => {
    const bytes = [Buffer.from(secret)]
    if (/^[\da-f-]+$/i.test(secret)) {
      bytes.push(Buffer.from(secret.replaceAll('-', ''), 'hex'))
    } else if (/^[\w+/-]+=*$/.test(secret)) {
      bytes.push(Buffer.from(secret, 'base64'))
    }
    const judged = bytes.flatMap(spellings).filter(({ length }) => length >= 24)
    expect(judged.filter((secret) => weaknessOf(secret) !== 'well-known')).toEqual([])
  },
)

test.each(['', 'password', 'secret', 'changeme', 'admin', 'test', '123456', 'hello'])(
  'a digest of %j is well known',
  (text) => {
    for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512']) {
      const digest = createHash(algorithm).update(text).digest()
      for (const secret of spellings(digest)) {
        expect(weaknessOf(secret), algorithm).toBe('well-known')
      }
    }
  },
)

test.each([
  'the-quick-brown-fox-jumps-over-the-lazy-dog',
  'supersecretkeyyoushouldnotcommittogithub',
  'cookie_encryption_password_secure_32',
  'aVerySecretKeyThatNobodyKnowsAboutAtAll',
  'mysupersecretpasswordthatismorethan32characters',
  'changeme'.repeat(4),
  'secret_key_change_me_please_now!',
  '2b7e151628aed2a6abf7158809cf4f3c'.repeat(2),
])('%j is well known in every spelling', (text) => {
  const accepted = spellings(Buffer.from(text)).filter((secret) => !weaknessOf(secret))
  expect(judge(text)).toBe('well-known')
  expect(accepted).toEqual([])
})

test.each([
  'a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6',
  'AbCdEfGhIjKlMnOpQrStUvWxYz123456',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9',
  'qwertyuiopasdfghjklzxcvbnm123456',
  '!@#$%^&*()_+1234567890-=qwertyui',
  'hunter2hunter2hunter2hunter2hunter2!Q',
  'Q!hunter2hunter2hunter2hunter2hunter2',
  Buffer.from(Array.from({ length: 32 }, (_, at) => at)).toString('latin1'),
])('%j is a pattern in every spelling', (text) => {
  const accepted = spellings(Buffer.from(text, 'latin1')).filter((secret) => !weaknessOf(secret))
  expect(accepted).toEqual([])
})

test('what a text spells is never short: the text is the secret', () => {
  expect(weaknessOf(Buffer.from(randomBytes(16).toString('hex')))).toBeUndefined()
  expect(weaknessOf(Buffer.from(randomBytes(24).toString('base64')))).toBeUndefined()
})

test('a text in another script is no pattern for its leading bytes', () => {
  expect(judge('жук пьёт чай у окна зимой')).toBeUndefined()
})

test('a secret that shares a few characters with a published one is not well known', () => {
  expect(judge('Zr4u7x!A%D*G-KaPdSgVkYp3s6v9y/B?')).toBeUndefined()
})

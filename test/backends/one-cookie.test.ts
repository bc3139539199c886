import { describe, expect, test } from 'vitest'
import { cookieBackend } from '../../src/backends/cookie.ts'
import type { CookieFormat } from '../../src/backends/cookie-format.ts'
import { packPlain } from '../../src/crypto/payload.ts'
import { signingSealer } from '../../src/crypto/sealer.ts'
import { authenticator, timedSigner } from '../../src/crypto/signed.ts'
import { setCookieWriter } from '../../src/http/set-cookie.ts'
import { createCodec } from '../../src/record/text/codec.ts'
import type { Lifetime } from '../../src/record/lifetime.ts'
import { ownLayout } from '../../src/record/record.ts'
import { ownTags } from '../../src/record/text/tags.ts'

const T = 1_800_000_000
const codec = createCodec({ tags: ownTags, sortKeys: false, ascii: false })
const [now, old, foreign] = ['a', 'b', 'c'].map((letter) => Buffer.alloc(32, letter))
const signed = (key: Buffer, text: string, seconds = T) =>
  timedSigner(authenticator([key], 'sha256')).sign(packPlain(text), seconds)
const format: CookieFormat = {
  layout: ownLayout(codec),
  sealer: signingSealer(timedSigner(authenticator([now!, old!], 'sha256')), [packPlain]),
  duplicates: 'newest',
  clearsUnasked: false,
  resignsOldKeys: true,
  limit: { bytes: 200, of: 'name-and-value' },
}
const writer = setCookieWriter(
  { name: 's', path: '/', httpOnly: true, secure: false, partitioned: false },
  'Max-Age',
)
const lifetime: Lifetime = {
  idle: 3_600_000,
  permanent: 3_600_000,
  absolute: undefined,
  leeway: 0,
  renewal: 'visits',
}

describe.each(['newest', 'first'] as const)('where the %s of several counts', (duplicates) => {
  const backend = cookieBackend({ ...format, duplicates }, writer, lifetime)
  const text = `["${T.toString(36)}",{"x":1}]`

  test.each([
    ['a genuine cookie', signed(now!, text)],
    ['one with an old secret', signed(old!, text, T - 5)],
    ['one with a foreign secret', signed(foreign!, text)],
    ['one that holds no record', signed(now!, '7')],
    ['one that has expired', signed(now!, text, T - 3601)],
    ['one from the future', signed(now!, text, T + 3600)],
    ['junk', 'junk'],
    ['an empty one', ''],
  ])('%s opens alone as it does when it is sent twice', async (_name, value) => {
    const alone = await backend.open([value], T * 1000)
    const twice = await backend.open([value, value], T * 1000)
    // The browser holds two of them: one is left when the other is cleared.
    expect(twice).toEqual(alone.record ? { ...alone, hasRivals: true } : alone)
    expect(alone).toMatchObject({ hasCookie: true, presented: [value] })
    expect(alone.rejected).toHaveLength(alone.record ? 0 : 1)
  })
})

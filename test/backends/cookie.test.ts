import { NO_STAMP } from '../../src/record/stamp.ts'
import { describe, expect, test } from 'vitest'
import { cookieBackend } from '../../src/backends/cookie.ts'
import type { CookieFormat } from '../../src/backends/cookie-format.ts'
import { packDeflated, packPlain } from '../../src/crypto/payload.ts'
import { signingSealer } from '../../src/crypto/sealer.ts'
import { authenticator, timedSigner } from '../../src/crypto/signed.ts'
import { setCookieWriter } from '../../src/http/set-cookie.ts'
import { createCodec } from '../../src/record/text/codec.ts'
import type { Lifetime } from '../../src/record/lifetime.ts'
import { ownLayout } from '../../src/record/record.ts'
import { ownTags } from '../../src/record/text/tags.ts'

const T = 1_700_000_000
const layout = ownLayout(createCodec({ tags: ownTags, sortKeys: false, ascii: false }))
const signer = timedSigner(authenticator([Buffer.alloc(32, 1), Buffer.alloc(32, 2)], 'sha256'))
const oldSigner = timedSigner(authenticator([Buffer.alloc(32, 2)], 'sha256'))
const lifetime: Lifetime = {
  idle: 3_600_000,
  permanent: 3_600_000,
  absolute: undefined,
  leeway: 0,
  renewal: 'visits',
}
const writer = setCookieWriter(
  { name: 's', path: '/', httpOnly: true, secure: false, partitioned: false },
  'Max-Age',
)
const own: CookieFormat = {
  layout,
  sealer: signingSealer(signer, [packPlain, packDeflated]),
  duplicates: 'newest',
  clearsUnasked: false,
  resignsOldKeys: true,
  limit: { bytes: 200, of: 'name-and-value' },
}
const plain = signingSealer(signer, [packPlain])
const backendOf = (format: Partial<CookieFormat> = {}, times: Partial<Lifetime> = {}) =>
  cookieBackend({ ...own, ...format }, writer, { ...lifetime, ...times })
const value = (x: unknown, seconds = T, by = signer) =>
  by.sign(packPlain(`["${T.toString(36)}",{"x":${JSON.stringify(x)}}]`), seconds)

/** Opens these cookies and commits what a request did. */
async function round(
  backend: ReturnType<typeof backendOf>,
  values: string[],
  x?: unknown,
  now = T * 1000,
) {
  const opened = await backend.open(values, now)
  const next = layout.copy(opened.record ?? layout.empty(NO_STAMP))
  if (x === null) next.data.clear()
  else if (x !== undefined) next.data.set('x', { text: JSON.stringify(x) })
  const changes = x === undefined ? [] : [{ do: 'regenerate' as const }]
  return { opened, committed: await backend.commit({ opened, changes, next, now }) }
}

describe('the cookie backend', () => {
  test('opens nothing where nothing was sent', async () => {
    expect(await backendOf().open([], T * 1000)).toEqual({
      record: undefined,
      seen: 0,
      key: 0,
      isOutdated: false,
      hasCookie: false,
      presented: [],
      rejected: [],
      verified: 0,
    })
  })

  test('takes the newest of several, or the first one sent, verified or not', async () => {
    const values = ['junk', value(1, T - 9), value(2, T - 1), value(2, T - 1)]
    const newest = await backendOf().open(values, T * 1000)
    expect(newest).toMatchObject({ seen: T - 1, verified: 2, rejected: ['malformed'] })
    expect(newest.presented).toHaveLength(3)
    const first = await backendOf({ duplicates: 'first' }).open(values, T * 1000)
    expect(first).toMatchObject({ record: undefined, presented: ['junk'], verified: 0 })
  })

  test('finds the genuine one among any number of others', async () => {
    const junk = Array.from({ length: 500 }, (_, at) => `junk${at}`)
    const opened = await backendOf().open([...junk, value(1)], T * 1000)
    expect(opened).toMatchObject({ verified: 1, hasCookie: true })
    expect(opened.rejected).toHaveLength(500)
  })

  test('refuses a value of more than 64 KiB unread', async () => {
    let verified = 0
    const counting = { ...signer, verify: () => (verified++, 'signature' as const) }
    const backend = backendOf({ sealer: signingSealer(counting, [packPlain]) })
    expect((await backend.open(['x'.repeat(65_537)], 0)).rejected).toEqual(['malformed'])
    expect(verified).toBe(0)
    expect((await backend.open(['x'.repeat(65_536)], 0)).rejected).toEqual(['signature'])
  })

  test('writes for a change, and says what the browser then holds', async () => {
    const { committed } = await round(backendOf(), [], 1)
    expect(committed.setCookie).toMatch(/^s=.*; HttpOnly; Path=\/$/)
    expect(committed.opened).toMatchObject({ seen: T, key: 0 })
    expect(committed.opened.record!.data.get('x')).toEqual({ text: '1' })
    expect(committed.opened.hasCookie).toBe(true)
  })

  test('clears what is empty, unasked only where the format does', async () => {
    const cleared = (await round(backendOf(), [value(1)], null)).committed
    expect(cleared.setCookie).toBe(writer.clear())
    expect(cleared.opened).toMatchObject({ record: undefined, hasCookie: false })
    expect((await round(backendOf(), ['junk'], null)).committed.setCookie).toBe(writer.clear())
    expect((await round(backendOf(), [], null)).committed.setCookie).toBeUndefined()
    expect((await round(backendOf({ clearsUnasked: true }), [], null)).committed.setCookie).toBe(
      writer.clear(),
    )
  })

  test('a visit that only read writes nothing until it is due', async () => {
    const { opened, committed } = await round(backendOf(), [value(1)])
    expect(committed.setCookie).toBeUndefined()
    expect(committed.opened).toBe(opened)
    expect((await round(backendOf(), [])).committed.setCookie).toBeUndefined()
    const due = await round(backendOf(), [value(1)], undefined, (T + 360) * 1000)
    expect(due.committed.setCookie).toBe(writer.set(value(1, T + 360), undefined, 0))
    expect(due.committed.opened.seen).toBe(T + 360)
  })

  test('signs an old key anew without making the session younger, where the format does', async () => {
    const old = value(1, T - 60, oldSigner)
    const { opened, committed } = await round(backendOf(), [old])
    expect(opened.key).toBe(1)
    expect(committed.setCookie).toBe(writer.set(value(1, T - 60), undefined, 0))
    expect(committed.opened).toMatchObject({ key: 0, seen: T - 60 })
    expect(
      (await round(backendOf({ resignsOldKeys: false }), [old])).committed.setCookie,
    ).toBeUndefined()
  })

  test.each(['name-and-value', 'line'] as const)(
    'counts the %s: what fits exactly is sent, one byte more is not',
    async (of) => {
      const noise = 'q8Fz0LwTx7KpV2mRj5'
      const sizeOf = (line: string) =>
        of === 'line' ? line.length : line.split(';')[0]!.length - 1
      const line = (await round(backendOf({ limit: { bytes: Infinity, of } }), [], noise)).committed
        .setCookie!
      const fits = backendOf({ limit: { bytes: sizeOf(line), of } })
      expect((await round(fits, [], noise)).committed.setCookie).toBe(line)
      const tight = backendOf({ sealer: plain, limit: { bytes: sizeOf(line) - 1, of } })
      await expect(round(tight, [], noise)).rejects.toThrow(
        expect.objectContaining({
          code: 'ERR_COOKIE_TOO_LARGE',
          message: expect.stringContaining(`be ${sizeOf(line)} bytes`),
        }),
      )
    },
  )

  test('deflates only what does not fit as it is', async () => {
    expect((await round(backendOf(), [], 'a'.repeat(20))).committed.setCookie).toMatch(/^s=[^.]/)
    expect((await round(backendOf(), [], 'a'.repeat(500))).committed.setCookie).toMatch(/^s=\./)
  })

  test('names the three biggest keys in bytes, messages among them', async () => {
    const backend = backendOf({ sealer: plain })
    const opened = await backend.open([], 0)
    const next = layout.empty(NO_STAMP)
    for (const [key, text] of [
      ['a', '"12345"'],
      ['b', '"ééé"'],
      ['c', '1'],
      ['d', `"${'1234567890'.repeat(9)}"`],
    ])
      next.data.set(key!, { text: text! })
    next.meta.set('f', { text: `[["message","${'x'.repeat(200)}"]]` })
    expect(() => backend.commit({ opened, changes: [{ do: 'regenerate' }], next, now: 0 })).toThrow(
      /Largest keys: flash messages \(216 bytes\), d \(92 bytes\), b \(8 bytes\)\. Store less/,
    )
  })

  test('writes nothing that it could not read again, however small it deflates', async () => {
    const roomy = backendOf({
      sealer: signingSealer(signer, [packDeflated]),
      limit: { bytes: Infinity, of: 'line' },
    })
    const frame = '["",{"x":""}]'.length
    const [fits, exceeds] = [65_536 - frame, 65_537 - frame].map((length) => 'x'.repeat(length))
    const { setCookie } = (await round(roomy, [], fits)).committed
    const opened = await roomy.open([setCookie!.slice(2).split(';')[0]!], T * 1000)
    expect(opened.verified).toBe(1)
    await expect(round(roomy, [], exceeds)).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_COOKIE_TOO_LARGE' }),
    )
  })
})

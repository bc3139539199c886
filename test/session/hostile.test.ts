import { randomBytes } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { describe, expect, test, vi } from 'vitest'
import { mutated, seededRandom } from '../record/random.ts'
import { forge, OLD_SECRET, SECRET, T0, testSessions, Visitor } from './visitor.ts'
import { expectQuick } from '../processor-time.ts'

const body = (text: string) => Buffer.from(text).toString('base64url')
const ROUNDS = process.env['QUICK_TESTS'] === '1' ? 4_000 : 100_000

/** Cookies of a signed-in visitor, one of them deflated. */
async function validCookies(): Promise<string[]> {
  const { sessions } = testSessions()
  const cookies: string[] = []
  for (const size of [1, 3000]) {
    const visitor = new Visitor(sessions)
    await visitor.visit((session) => {
      session.login('u1')
      session.set('x', 'ab'.repeat(size)).set('cart', [{ id: 1 }])
    })
    cookies.push(visitor.cookie!.slice('session='.length))
  }
  return cookies
}

describe('mutations of valid cookies', () => {
  test('of 100 000 none is accepted and none throws', async () => {
    const cookies = await validCookies()
    vi.stubEnv('NODE_ENV', 'production')
    const { sessions, events } = testSessions({ cookie: { name: 'session', secure: false } })
    const random = seededRandom(7)
    const alphabet = 'ABCXYZabcxyz0189-_.=+/%"\\ ,\u0000é'
    const accepted: string[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const original = cookies[round % cookies.length]!
      let value = original
      if (random() < 0.4) {
        // One bit of one character.
        const at = Math.floor(random() * value.length)
        const flipped = String.fromCharCode(value.charCodeAt(at) ^ (1 << Math.floor(random() * 7)))
        value = value.slice(0, at) + flipped + value.slice(at + 1)
      } else value = mutated(value, alphabet, random)
      // Blanks at the ends, and a whole cookie before a semicolon, are the header's own syntax.
      if (value.split(';').some((part) => part.trim() === original)) continue
      events.length = 0
      const session = await sessions.open(`session=${value}`)
      if (!session.isNew || session.size > 0 || session.userId !== undefined) accepted.push(value)
      // A mutant that is no pair of a Cookie header at all was not presented.
      if (events.length > 1 || (events[0] && events[0].type !== 'rejected')) accepted.push(value)
    }
    expect(accepted).toEqual([])
    vi.unstubAllEnvs()
  })
})

const good = '["s44we8",{"x":1},{"u":"admin"}]'
const nested = (depth: number) => `["",{"x":${'['.repeat(depth)}${']'.repeat(depth)}}]`
const deflated = (text: string | Uint8Array) => `.${deflateSync(text).toString('base64url')}`
const sign = (text: string, options = {}) => forge(text, options)

describe('a cookie that does not open is an anonymous session and one event that says why', () => {
  test('what is well-formed and signed opens', async () => {
    for (const cookie of [sign(body(good)), sign(deflated(good)), sign(body(nested(62)))]) {
      const { sessions, events } = testSessions()
      expect((await sessions.open(cookie)).isNew).toBe(false)
      expect(events).toEqual([])
    }
  })

  test.each<[string, string, string]>([
    ['no dots', 'session=garbage', 'malformed'],
    ['empty', 'session=', 'malformed'],
    ['one dot', 'session=.', 'malformed'],
    ['dots', 'session=....', 'signature'],
    [
      'random bytes',
      `session=${randomBytes(200).toString('base64url')}.${randomBytes(4).toString('base64url')}.${randomBytes(32).toString('base64url')}`,
      'signature',
    ],
    ['oversized', `session=${'A'.repeat(70_000)}`, 'malformed'],
    ['oversized and signed', sign(body(`["",{"x":"${'x'.repeat(60_000)}"}]`)), 'malformed'],
    ['another secret', sign(body(good), { secret: OLD_SECRET }), 'signature'],
    [
      'another cookie name',
      sign(body(good), { name: 'other' }).replace('other=', 'session='),
      'signature',
    ],
    ['unsigned JSON', `session=${body(good)}`, 'malformed'],
    ['nested too deep', sign(body(nested(63))), 'payload'],
    ['nested to overflow a stack', sign(deflated(nested(30_000))), 'payload'],
    ['a bomb', sign(deflated(Buffer.alloc(20 * 1024 * 1024, 'x'))), 'payload'],
    ['no JSON', sign(body('["",{]')), 'payload'],
    ['Flask', sign(body('{"_permanent":true}')), 'payload'],
    ['no base64url', sign('!!!!'), 'payload'],
    ['no UTF-8', sign(Buffer.from([0xff, 0xfe]).toString('base64url')), 'payload'],
    ['an unreadable tag', sign(body('["",{"x":{" t":1}}]')), 'payload'],
    ['a huge integer', sign(deflated(`["",{"x":${'9'.repeat(4301)}}]`)), 'payload'],
    ['expired', sign(body(good), { seconds: T0 / 1000 - 31 * 86_400 - 1 }), 'expired'],
    ['from the future', sign(body(good), { seconds: T0 / 1000 + 61 }), 'future'],
    ['expired absolutely', sign(body('["s3jgsg",{"x":1}]')), 'expired-absolute'],
  ])('%s', async (_, cookie, reason) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { sessions, events } = testSessions({ lifetime: { absolute: '2d' } })
    const session = await sessions.open(cookie)
    expect([session.isNew, session.size, session.userId]).toEqual([true, 0, undefined])
    expect(events).toEqual([{ type: 'rejected', reason }])
    // It can be used at once, and nothing of the old cookie stays.
    session.set('y', 1)
    const [line] = (await session.commit()).getSetCookie()
    expect(Object.fromEntries(await sessions.open(line!.split(';')[0]))).toEqual({ y: 1 })
    // Neither an event nor the console quotes the cookie.
    const said = JSON.stringify([events, warn.mock.calls])
    if (cookie.length > 20) expect(said).not.toContain(cookie.slice('session='.length, 40))
    expect(said).not.toContain(SECRET)
    expect(warn).toHaveBeenCalledTimes(1)
    await expectQuick(() => sessions.open(cookie))
    vi.restoreAllMocks()
  })
})

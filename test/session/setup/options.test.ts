import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest'
import { createSessions, type SessionOptions } from '../../../src/index.ts'
import { SECRET } from '../visitor.ts'

let warn: MockInstance<(...parts: unknown[]) => void>
beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

describe('misuse fails in createSessions, with a code and what to do', () => {
  test.each<[string, unknown, string, RegExp]>([
    ['no options', undefined, 'ERR_OPTION_INVALID', /"options".*object with a secret/],
    ['null', null, 'ERR_OPTION_INVALID', /"options"/],
    ['text', 'secret', 'ERR_OPTION_INVALID', /"options"/],
    ['no secret', {}, 'ERR_SECRET_MISSING', /npx sojourn secret/],
    ['an undefined secret', { secret: undefined }, 'ERR_SECRET_MISSING', /npx sojourn secret/],
    ['an empty list', { secret: [] }, 'ERR_SECRET_MISSING', /./],
    [
      'an undefined first secret',
      { secret: [undefined, SECRET] },
      'ERR_SECRET_MISSING',
      /secret\[0\]/,
    ],
    ['a number as secret', { secret: 5 }, 'ERR_OPTION_INVALID', /"secret"/],
    [
      'a well-known secret',
      { secret: 'super_secret_dev_key_dont_use_in_prod' },
      'ERR_SECRET_WEAK',
      /published/,
    ],
    [
      'a well-known old secret',
      { secret: [SECRET, 'keyboard cat'] },
      'ERR_SECRET_WEAK',
      /secret\[1\]/,
    ],
    ['a pattern', { secret: 'qW8xqW8yqW8xqW8yqW8xqW8yqW8xqW8y' }, 'ERR_SECRET_WEAK', /pattern/],
    ['nine secrets', { secret: Array(9).fill(SECRET) }, 'ERR_OPTION_INVALID', /more than 8/],
    [
      'an option that does not exist',
      { maxAge: 5 },
      'ERR_OPTION_INVALID',
      /"maxAge" is not known\. Write lifetime: \{ idle: '1d' \}\. There are: secret/,
    ],
    ['lifetime as text', { lifetime: '30m' }, 'ERR_OPTION_INVALID', /"lifetime"/],
    ['lifetime null', { lifetime: null }, 'ERR_OPTION_INVALID', /"lifetime"/],
    ['lifetime as number', { lifetime: 5 }, 'ERR_OPTION_INVALID', /"lifetime" has to be an object/],
    [
      'a lifetime that does not exist',
      { lifetime: { maxAge: '1h' } },
      'ERR_OPTION_INVALID',
      /"lifetime\.maxAge" is not known/,
    ],
    ['seconds', { lifetime: { idle: 3600 } }, 'ERR_OPTION_INVALID', /"lifetime\.idle".*seconds/],
    [
      'a lifetime of nothing',
      { lifetime: { permanent: '0s' } },
      'ERR_OPTION_INVALID',
      /"lifetime\.permanent"/,
    ],
    [
      'an absolute lifetime in words',
      { lifetime: { absolute: 'a day' } },
      'ERR_OPTION_INVALID',
      /"lifetime\.absolute"/,
    ],
    [
      'a permanent lifetime below the idle one',
      { lifetime: { permanent: '30m' } },
      'ERR_OPTION_INVALID',
      /"lifetime\.permanent" is shorter than lifetime\.idle, which is '31d' by default/,
    ],
    ['cookie as text', { cookie: 'session' }, 'ERR_OPTION_INVALID', /"cookie"/],
    ['cookie null', { cookie: null }, 'ERR_OPTION_INVALID', /"cookie"/],
    ['cookie as list', { cookie: [] }, 'ERR_OPTION_INVALID', /"cookie"/],
    [
      'maxAge on the cookie',
      { cookie: { maxAge: 5 } },
      'ERR_OPTION_INVALID',
      /"cookie\.maxAge" is not known/,
    ],
    ['an empty name', { cookie: { name: '' } }, 'ERR_OPTION_INVALID', /"cookie\.name"/],
    [
      'a name with a semicolon',
      { cookie: { name: 'a;b' } },
      'ERR_OPTION_INVALID',
      /"cookie\.name"/,
    ],
    ['__Host- without secure', { cookie: { name: '__Host-x' } }, 'ERR_OPTION_INVALID', /__Host-/],
    [
      '__Host- with a path',
      { cookie: { name: '__Host-x', secure: true, path: '/x' } },
      'ERR_OPTION_INVALID',
      /__Host-/,
    ],
    [
      '__Secure- without secure',
      { cookie: { name: '__Secure-x' } },
      'ERR_OPTION_INVALID',
      /__Secure-/,
    ],
    [
      'None without secure',
      { cookie: { sameSite: 'None' } },
      'ERR_OPTION_INVALID',
      /'None' needs secure/,
    ],
    [
      'a SameSite that does not exist',
      { cookie: { sameSite: 'loose' } },
      'ERR_OPTION_INVALID',
      /"cookie\.sameSite".*'Lax'/,
    ],
    [
      'partitioned without secure',
      { cookie: { partitioned: true } },
      'ERR_OPTION_INVALID',
      /"cookie\.partitioned"/,
    ],
    [
      'a domain with a dot first',
      { cookie: { domain: '.example.com' } },
      'ERR_OPTION_INVALID',
      /"cookie\.domain"/,
    ],
    ['a relative path', { cookie: { path: 'app' } }, 'ERR_OPTION_INVALID', /"cookie\.path"/],
    [
      'httpOnly as text',
      { cookie: { httpOnly: 'no' } },
      'ERR_OPTION_INVALID',
      /"cookie\.httpOnly"/,
    ],
    ['a clock that is no function', { clock: 5 }, 'ERR_OPTION_INVALID', /"clock"/],
    ['a listener that is no function', { onEvent: {} }, 'ERR_OPTION_INVALID', /"onEvent"/],
    ['tags as an object', { tags: {} }, 'ERR_OPTION_INVALID', /"tags"/],
    [
      'half a tag',
      { tags: [{ key: ' x', test: () => true }] },
      'ERR_OPTION_INVALID',
      /"tags" contains a value that is not/,
    ],
    ['no tag', { tags: [null] }, 'ERR_OPTION_INVALID', /"tags"/],
    [
      'a tag with a taken key',
      { tags: [{ key: ' t', test: () => true, encode: String, decode: String }] },
      'ERR_OPTION_INVALID',
      /two tags with the key " t"/,
    ],
  ])('%s', (_, given, code, message) => {
    const isBare = typeof given !== 'object' || given === null
    const options =
      isBare || 'secret' in given || Object.keys(given).length === 0
        ? given
        : { secret: SECRET, ...given }
    expect(() => createSessions(options as SessionOptions)).toThrow(
      expect.objectContaining({
        name: 'SessionError',
        code,
        message: expect.stringMatching(message),
      }),
    )
  })
})

describe('the cookie', () => {
  const lineOf = async (options: Partial<SessionOptions> = {}) => {
    const session = await createSessions({ secret: SECRET, ...options }).open(undefined)
    session.set('x', 1)
    return (await session.commit()).getSetCookie()[0]!.replace(/=[^;]*/, '=v')
  }

  test.each<[string | undefined, Partial<SessionOptions>, string]>([
    ['development', {}, 'session=v; HttpOnly; Path=/; SameSite=Lax'],
    ['test', {}, 'session=v; HttpOnly; Path=/; SameSite=Lax'],
    ['production', {}, '__Host-Http-session=v; Secure; HttpOnly; Path=/; SameSite=Lax'],
    [undefined, {}, '__Host-Http-session=v; Secure; HttpOnly; Path=/; SameSite=Lax'],
    ['staging', {}, '__Host-Http-session=v; Secure; HttpOnly; Path=/; SameSite=Lax'],
    ['', {}, '__Host-Http-session=v; Secure; HttpOnly; Path=/; SameSite=Lax'],
    [
      'production',
      { cookie: { domain: 'e.com' } },
      '__Secure-session=v; Domain=e.com; Secure; HttpOnly; Path=/; SameSite=Lax',
    ],
    [
      'production',
      { cookie: { path: '/a' } },
      '__Secure-session=v; Secure; HttpOnly; Path=/a; SameSite=Lax',
    ],
    [
      'production',
      { cookie: { httpOnly: false } },
      '__Host-session=v; Secure; Path=/; SameSite=Lax',
    ],
    ['production', { cookie: { secure: false } }, 'session=v; HttpOnly; Path=/; SameSite=Lax'],
    [
      'test',
      { cookie: { secure: true } },
      '__Host-Http-session=v; Secure; HttpOnly; Path=/; SameSite=Lax',
    ],
    [
      'production',
      { cookie: { name: 'id', httpOnly: false, sameSite: 'None', partitioned: true } },
      'id=v; Secure; Path=/; SameSite=None; Partitioned',
    ],
    ['test', { cookie: { sameSite: 'strict' } }, 'session=v; HttpOnly; Path=/; SameSite=Strict'],
    ['test', { cookie: { sameSite: 'LAX' as 'Lax' } }, 'session=v; HttpOnly; Path=/; SameSite=Lax'],
    [
      'production',
      { cookie: { sameSite: 'none' } },
      '__Host-Http-session=v; Secure; HttpOnly; Path=/; SameSite=None',
    ],
  ])('with NODE_ENV %j and %j', async (environment, options, line) => {
    vi.stubEnv('NODE_ENV', environment)
    expect(await lineOf(options)).toBe(line)
  })
})

describe('a short secret', () => {
  test('is told in development and refused elsewhere', () => {
    createSessions({ secret: 'q8Fz0LwTxx' })
    expect(warn.mock.calls.flat()).toEqual([
      expect.stringMatching(
        /The secret in "secret" has fewer than 32 bytes\. It is refused in production: run `npx sojourn secret`/,
      ),
    ])
    for (const environment of ['production', undefined, 'staging']) {
      vi.stubEnv('NODE_ENV', environment)
      expect(() => createSessions({ secret: 'q8Fz0LwTxx' })).toThrow(
        expect.objectContaining({ code: 'ERR_SECRET_WEAK' }),
      )
    }
  })
})

describe('finding a session', () => {
  const sessions = createSessions({ secret: SECRET })

  test('without an adapter says what is missing', async () => {
    const coded = (message: RegExp) =>
      expect.objectContaining({
        code: 'ERR_SESSION_NOT_MOUNTED',
        message: expect.stringMatching(message),
      })
    await expect(sessions.get({})).rejects.toThrow(
      coded(/app\.use\(sessionMiddleware\(sessions\)\)/),
    )
    await expect(sessions.signedIn({})).rejects.toThrow(coded(/sessionMiddleware/))
    await expect(sessions.get('cart' as never)).rejects.toThrow(coded(/session\.get\('cart'\)/))
    await expect(sessions.get('a b' as never)).rejects.toThrow(coded(/session\.get\(key\)/))
    await expect(sessions.get(undefined as never)).rejects.toThrow(coded(/sessionMiddleware/))
    await expect(sessions.current()).rejects.toThrow(coded(/sessions\.get\(req\)/))
  })

  test('of a request that is not the one mounted, such as a clone, says so', async () => {
    const request = new Request('http://e.com/')
    const visit = sessions.mount([request], { cookie: null, header: () => null })!
    expect(await sessions.get(request)).toBe(await visit.session())
    expect(await sessions.run(visit, () => sessions.current())).toBe(await visit.session())
    await expect(sessions.get(request.clone())).rejects.toThrow(/clone or a wrapper/)
  })

  test('open takes the text of a header and nothing else', async () => {
    for (const wrong of [new Headers(), {}, 5, ['a=1']]) {
      await expect(sessions.open(wrong as never)).rejects.toThrow(
        expect.objectContaining({
          code: 'ERR_OPTION_INVALID',
          message: expect.stringMatching(/Cookie header/),
        }),
      )
    }
    for (const none of [undefined, null, '']) expect((await sessions.open(none)).isNew).toBe(true)
  })

  test('signedIn is the session of somebody, or a 401', async () => {
    const facts = { cookie: undefined, header: () => null }
    const visit = sessions.mount([facts], facts)!
    await expect(sessions.signedIn(facts)).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_NOT_SIGNED_IN', status: 401 }),
    )
    ;(await visit.session()).login('u1')
    expect((await sessions.signedIn(facts)).userId).toBe('u1')
  })

  test('after the headers have left it can be read, and a write throws where it stands', async () => {
    for (const early of [true, false]) {
      const facts = { cookie: undefined, header: () => null }
      const visit = sessions.mount([facts], facts)!
      if (early) (await visit.session()).set('list', [1])
      const outgoing = await visit.finish()
      expect(outgoing === undefined).toBe(!early)
      expect(await visit.finish()).toBeUndefined()
      const session = await visit.session()
      expect(session.get('list')).toEqual(early ? [1] : undefined)
      const writes: [string, () => unknown][] = [
        ['set()', () => session.set('x', 1)],
        ['update()', () => session.update('x', () => 1)],
        ['delete()', () => session.delete('x')],
        ['clear()', () => session.clear()],
        ['flash()', () => session.flash('x')],
        ['login()', () => session.login('x')],
        ['logout()', () => session.logout()],
        ['regenerate()', () => session.regenerate()],
        ['permanent', () => (session.permanent = true)],
        ['label', () => (session.label = 'x')],
      ]
      for (const [verb, write] of writes) {
        expect(write, verb).toThrow(
          expect.objectContaining({
            code: 'ERR_SESSION_COMMITTED',
            message: expect.stringContaining(verb),
          }),
        )
      }
      expect(session.flashes()).toEqual([])
      expect(session.size).toBe(early ? 1 : 0)
    }
  })
})

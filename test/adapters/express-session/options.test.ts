/** Each option of express-session: understood, or refused with a reason at start-up. */

import { afterEach, describe, expect, test, vi } from 'vitest'
import session from 'sojourn/express-session'
import { memoryStore } from 'sojourn/stores/memory'

const secret = 'an evening walk by the quiet harbour'
const make = (options: object) => () => session({ secret, ...options } as never)

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

describe('options that are refused', () => {
  test.each<[object, RegExp]>([
    [{ maxAge: 1000 }, /"maxAge" is not known.*cookie: \{ \}/],
    [{ saveUninitialised: false }, /Write saveUninitialized/],
    [{ cookie: { signed: true } }, /"cookie.signed" is not known.*always signed/],
    [{ cookie: { overwrite: true } }, /"cookie.overwrite"/],
    [{ cookie: { maxAge: '1d' } }, /"cookie.maxAge" has to be a number/],
    [{ cookie: 'secure' }, /"cookie" has to be an object/],
    [{ unset: 'remove' }, /"unset" must be 'destroy' or 'keep'/],
    [{ genid: 'uuid' }, /"genid" must be a function/],
    [{ userId: 7 }, /"userId" has to be a path/],
    [{ store: {} }, /"store" is not a store/],
    [{ store: 'redis' }, /"store" is not a store/],
    [{ encrypt: true }, /"encrypt" cannot be combined/],
    [{ lifetime: { idle: '1h' } }, /"lifetime" needs a store of this package/],
    [{ maxSessionsPerUser: 3 }, /"maxSessionsPerUser" needs a store/],
    [
      { store: 'cookie', cookie: { maxAge: 1000 }, lifetime: { idle: '1h' } },
      /"lifetime.idle" cannot be combined with cookie.maxAge/,
    ],
  ])('%j', (options, message) => {
    expect(make(options)).toThrow(message)
  })
})

test.each<object>([
  { resave: true, saveUninitialized: true, rolling: true, unset: 'destroy', proxy: true },
  { name: 'shop' },
  { key: 'shop' },
  { cookie: () => ({ maxAge: 1000 }) },
  { cookie: { secure: 'auto', sameSite: 'auto', httpOnly: false, priority: 'high' } },
  { cookie: { sameSite: true, domain: 'example.com', path: '/shop', maxAge: null } },
  { store: 'cookie', encrypt: true, cookie: { secure: 'auto' } },
  { store: memoryStore(), lifetime: { idle: '1h', absolute: '8h' }, maxSessionsPerUser: 3 },
  { store: memoryStore(), cookie: { secure: true, sameSite: 'none', partitioned: true } },
  { secret: [secret, 'another walk along the quiet harbour'] },
])('%j is understood', (options) => {
  expect(make(options)).not.toThrow()
})

describe('secrets', () => {
  test('a secret of tutorials only warns while developing, and is refused in production', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    for (const store of [undefined, 'cookie', memoryStore()]) {
      vi.stubEnv('NODE_ENV', 'development')
      make({ secret: 'keyboard cat', store })()
      expect(warn).toHaveBeenCalledWith(expect.stringContaining('published in tutorials'))
      warn.mockClear()
      vi.stubEnv('NODE_ENV', 'production')
      expect(make({ secret: 'keyboard cat', store })).toThrow(/"secret".*published in tutorials/)
    }
  })

  test('none is an error at start-up, and not at the first request', () => {
    expect(make({ secret: undefined })).toThrow(/No secret/)
    expect(make({ secret: [] })).toThrow(/No secret/)
  })
})

test('the memory store of express-session warns in production, as that does', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  make({})()
  expect(warn).not.toHaveBeenCalled()
  vi.stubEnv('NODE_ENV', 'production')
  make({})()
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('not designed for a production'))
})

test('a store of express-session says while developing what it cannot promise, and so does the policy', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  class OtherStore extends session.Store {
    get() {}
    set() {}
    destroy() {}
  }
  const { sessions } = session({ secret, store: new OtherStore() })
  expect(warn).toHaveBeenCalledWith(expect.stringMatching(/OtherStore: .*no compare-and-swap/))
  expect(sessions.describePolicy()).toMatchObject({
    backend: 'OtherStore',
    format: 'express-session',
    cookie: { name: 'connect.sid' },
  })
})

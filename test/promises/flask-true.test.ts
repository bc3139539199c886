/** Promise 10: under the Flask preset every recorded behaviour of Flask holds, save the listed deviations. */

import { describe, expect, it } from 'vitest'
import { withSessions } from '../../src/adapters/fetch.ts'
import {
  flask,
  type FlaskConfig,
  flaskCookie,
  type Tag,
  UNREADABLE,
} from '../../src/flask/flask.ts'
import { createSessions } from '../../src/index.ts'
import { scenarios, vectors } from '../flask/fixtures.ts'
import { checkVector } from '../flask/vectors.ts'

const SECRET_KEY = 'flask-true-7d1f0c52b6a94e8fa3'

describe('Flask-true', () => {
  it('every recorded cookie reads and writes as in Flask', async () => {
    expect(vectors.length).toBeGreaterThanOrEqual(411)
    for (const vector of vectors) await checkVector(vector)
  })

  it('there are recorded behaviours to replay (test/flask/behaviour.test.ts does)', () => {
    expect(scenarios.length).toBeGreaterThanOrEqual(41)
  })

  it('a tag of the app’s own is kept, escaped where it is a key, and refused where it is garbled', () => {
    class Money {
      readonly cents: number
      constructor(cents: number) {
        this.cents = cents
      }
    }
    const moneyTag: Tag<Money> = {
      key: 'money',
      test: (value): value is Money => value instanceof Money,
      encode: (value) => value.cents,
      decode: (content) => (typeof content === 'number' ? new Money(content) : UNREADABLE),
    }
    const cookie = flaskCookie({ secret: SECRET_KEY, tags: [moneyTag] })
    const plain = flaskCookie({ secret: SECRET_KEY })
    const sealed = cookie.seal({ total: new Money(995), trap: { money: 'no tag' } })
    expect(plain.open(sealed)).toMatchObject({
      data: { total: { money: 995 }, trap: { money: 'no tag' } },
    })
    expect(cookie.open(sealed)).toMatchObject({
      data: { total: new Money(995), trap: { money: 'no tag' } },
    })
    expect(cookie.open(plain.seal({ total: { money: 'many' } }))).toEqual({
      ok: false,
      reason: 'payload',
    })
  })

  it('a tag of the app’s own works in a session, at its top level too', async () => {
    const upperTag: Tag<URL> = {
      key: ' url',
      test: (value): value is URL => value instanceof URL,
      encode: String,
      decode: (content) => (typeof content === 'string' ? new URL(content) : UNREADABLE),
    }
    const sessions = createSessions<{ home: URL }, URL>({
      ...flask({ SECRET_KEY }),
      tags: [upperTag],
    })
    const handler = withSessions(sessions, async (request) => {
      const session = await sessions.get(request)
      const home = session.get('home')
      session.set('home', new URL('https://example.com/'))
      return new Response(String(home?.hostname))
    })
    const first = await handler(new Request('http://localhost/'))
    const cookie = first.headers.getSetCookie()[0]!.split(';')[0]!
    const second = await handler(new Request('http://localhost/', { headers: { cookie } }))
    expect(await second.text()).toBe('example.com')
  })

  it('reading flash messages removes them, even a list with nothing in it', async () => {
    const sessions = createSessions(flask({ SECRET_KEY }))
    const value = flaskCookie({ secret: SECRET_KEY }).seal({ _flashes: [] })
    const session = await sessions.open(`session=${value}`)
    expect(session.flashes()).toEqual([])
    expect((await session.commit()).getSetCookie()[0]).toMatch(
      /^session=; Expires=Thu, 01 Jan 1970/,
    )
  })

  it('newest signs: a cookie verifies with SECRET_KEY alone, never with a fallback', () => {
    const sealed = flaskCookie({ secret: 'new', fallbacks: ['mid', 'old'] }).seal({ a: 1 })
    expect(flaskCookie({ secret: 'new' }).open(sealed).ok).toBe(true)
    expect(flaskCookie({ secret: 'mid' }).open(sealed).ok).toBe(false)
    expect(flaskCookie({ secret: 'old' }).open(sealed).ok).toBe(false)
  })

  it.each([
    ['a name that is not Flask’s', { SECRET_KEY, SESSION_COOKIE_NAMES: 'x' }],
    ['a lifetime that is no number', { SECRET_KEY, PERMANENT_SESSION_LIFETIME: '30m' }],
    ['SameSite as a boolean', { SECRET_KEY, SESSION_COOKIE_SAMESITE: true }],
    ['a flag as text', { SECRET_KEY, SESSION_REFRESH_EACH_REQUEST: 'false' }],
    ['a domain that is no host name', { SECRET_KEY, SESSION_COOKIE_DOMAIN: 'exa mplé.de' }],
    ['a lifetime beyond every date', { SECRET_KEY, PERMANENT_SESSION_LIFETIME: 1e13 }],
    ['a lifetime in milliseconds', { SECRET_KEY, PERMANENT_SESSION_LIFETIME: 2_678_400_000 }],
    ['a negative limit', { SECRET_KEY, MAX_COOKIE_SIZE: -1 }],
    ['fallbacks that are no list', { SECRET_KEY, SECRET_KEY_FALLBACKS: 'old' }],
    ['an invalid SameSite', { SECRET_KEY, SESSION_COOKIE_SAMESITE: 'sometimes' }],
    ['a __Host- name without Secure', { SECRET_KEY, SESSION_COOKIE_NAME: '__Host-session' }],
  ])('%s fails at start-up', (_, config) => {
    expect(() => createSessions(flask(config as FlaskConfig))).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION_INVALID' }),
    )
  })

  it.each([undefined, null, ''])(
    'no secret (%j) fails at start-up, whatever the fallbacks',
    (secret) => {
      expect(() =>
        createSessions(flask({ SECRET_KEY: secret, SECRET_KEY_FALLBACKS: ['old'] })),
      ).toThrow(expect.objectContaining({ code: 'ERR_SECRET_MISSING' }))
    },
  )

  it('an absolute lifetime is refused: Flask’s cookie has no field to count it from', () => {
    expect(() =>
      createSessions({ ...flask({ SECRET_KEY }), lifetime: { absolute: '12h' } }),
    ).toThrow(expect.objectContaining({ code: 'ERR_OPTION_INVALID' }))
  })
})

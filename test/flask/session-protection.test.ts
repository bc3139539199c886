/** Flask-Login's session protection on our side: a login that comes from another address or browser. */

import { createHash } from 'node:crypto'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { flask, type FlaskConfig, flaskCookie } from '../../src/flask/flask.ts'
import { flaskSession } from '../../src/flask/session/flask-session.ts'
import { formerly } from '../../src/formerly/formerly.ts'
import { createSessions, type Session, type SessionEvent } from '../../src/index.ts'

const SECRET_KEY = 'protection-4c9b1e7a2d60f835aa'
const cookie = flaskCookie({ secret: SECRET_KEY })
const idOf = (text: string) => createHash('sha512').update(text).digest('hex')
const HOME = { address: '127.0.0.1', agent: 'UA-1' as string | undefined }
const ADA = { _user_id: 'ada', _fresh: true, _id: idOf("b'127.0.0.1'|b'UA-1'"), cart: ['tea'] }

interface From {
  address?: string | undefined
  agent?: string | undefined
  headers?: Record<string, string>
}

/** One request: what the session's cookie holds afterwards, and what happened. */
async function visit(
  data: object,
  from: From,
  config: Partial<FlaskConfig> = {},
  act: (session: Session<any>, req: object) => unknown = () => {},
) {
  const events: SessionEvent[] = []
  const sessions = createSessions<any>({
    ...flask({ SECRET_KEY, ...config }),
    onEvent: (event) => void events.push(event),
  })
  const headers: Record<string, string | undefined> = { 'user-agent': from.agent, ...from.headers }
  const request = {}
  const mounted = sessions.mount([request], {
    method: 'GET',
    cookie: `session=${cookie.seal(data)}; ${headers['cookie'] ?? ''}`,
    address: from.address,
    header: (name) => headers[name],
  })!
  const session = await sessions.get(request)
  const seen = { user: session.userId, fresh: session.get('_fresh') }
  let failure: unknown
  try {
    await act(session, request)
    await sessions.signedIn(request, { fresh: true })
  } catch (error) {
    failure = (error as { code?: string }).code
  }
  const outgoing = await mounted.finish()
  const line = outgoing?.setCookie
  const opened = line === undefined ? undefined : cookie.open(line.split(';')[0]!.slice(8))
  const left = opened === undefined ? 'untouched' : opened.ok ? opened.data : 'cleared'
  const types = events.filter(({ type }) => /^log|lost/.test(type))
  return { ...seen, left, failure, events: types.map(({ type }) => type) }
}

describe('the basic protection', () => {
  test('leaves the login of the same address and browser alone', async () => {
    expect(await visit(ADA, HOME)).toEqual({
      user: 'ada',
      fresh: true,
      left: 'untouched',
      failure: undefined,
      events: [],
    })
    for (const from of [
      { address: '::ffff:127.0.0.1', agent: 'UA-1' },
      { address: '10.0.0.1', agent: 'UA-1', headers: { 'x-forwarded-for': '127.0.0.1, 10.0.0.2' } },
    ]) {
      expect(await visit(ADA, from)).toMatchObject({ fresh: true, left: 'untouched' })
    }
    const forwarded = { ...HOME, headers: { 'x-forwarded-for': '::ffff:127.0.0.1' } }
    expect(await visit(ADA, forwarded)).toMatchObject({ fresh: false })
    const onIpv6Socket = { ...ADA, _id: idOf("b'::ffff:127.0.0.1'|b'UA-1'") }
    expect(await visit(onIpv6Socket, HOME)).toMatchObject({ fresh: true, left: 'untouched' })
    // Flask hashes the proxy's text as it is.
    expect(await visit(onIpv6Socket, forwarded)).toMatchObject({ fresh: true, left: 'untouched' })
  })

  test.each([
    ['another browser', { ...HOME, agent: 'UA-2' }],
    ['no browser', { ...HOME, agent: undefined }],
    ['another address', { ...HOME, address: '127.0.0.2' }],
    ['another proxy header', { ...HOME, headers: { 'x-forwarded-for': '203.0.113.9' } }],
  ])('with %s keeps the visitor signed in, no longer fresh', async (_, from) => {
    expect(await visit(ADA, from)).toEqual({
      user: 'ada',
      fresh: false,
      left: { ...ADA, _fresh: false },
      failure: 'ERR_LOGIN_STALE',
      events: ['login-mismatch'],
    })
  })

  test('marks a session once, and one without an _id as well', async () => {
    const elsewhere = { ...HOME, agent: 'UA-2' }
    const marked = { ...ADA, _fresh: false }
    expect(await visit(marked, elsewhere)).toMatchObject({ left: 'untouched', events: [] })
    expect(await visit(marked, HOME)).toMatchObject({ fresh: false, left: 'untouched' })
    const { _id, ...without } = ADA
    expect(await visit(without, HOME)).toMatchObject({ left: { ...without, _fresh: false } })
    const { _fresh, ...never } = without
    expect(await visit(never, HOME)).toMatchObject({
      left: 'untouched',
      failure: 'ERR_LOGIN_STALE',
    })
  })

  test('touches no session in which nobody is signed in', async () => {
    const cart = { cart: ['tea'], _fresh: true }
    expect(await visit(cart, HOME)).toMatchObject({ left: 'untouched', events: [] })
    expect(await visit(cart, HOME, { SESSION_PROTECTION: 'strong' })).toMatchObject({
      left: 'untouched',
    })
  })

  test('is repaired by a login, and not asked for where SESSION_PROTECTION is null', async () => {
    const elsewhere = { ...HOME, agent: 'UA-2' }
    const again = await visit(ADA, elsewhere, {}, (session) => session.login('ada'))
    expect(again).toMatchObject({ failure: undefined, left: { _fresh: true } })
    expect(await visit(ADA, elsewhere, { SESSION_PROTECTION: null })).toMatchObject({
      fresh: true,
      left: 'untouched',
      failure: undefined,
    })
  })

  test('compares nothing where nobody knows the address, as without a connection', async () => {
    expect(await visit(ADA, { agent: 'UA-2' })).toMatchObject({ fresh: true, left: 'untouched' })
  })

  test('saves nothing in a request that cannot save, and shows it all the same', async () => {
    const prefetch = { ...HOME, agent: 'UA-2', headers: { 'sec-purpose': 'prefetch' } }
    expect(await visit(ADA, prefetch)).toMatchObject({ fresh: false, left: 'untouched' })
    const sessions = createSessions<any>(flask({ SECRET_KEY }))
    const request = {}
    const facts = { cookie: `session=${cookie.seal(ADA)}`, address: '::1', header: () => undefined }
    const mounted = sessions.mount([request], facts)!
    const session = await sessions.get(request)
    mounted.readOnly('It is a socket')
    expect(session.get('_fresh')).toBe(false)
    expect(await mounted.finish()).not.toHaveProperty('setCookie', expect.any(String))
  })
})

describe('the strong protection', () => {
  const strong = { SESSION_PROTECTION: 'strong' } as const

  test('signs out whoever comes from elsewhere, and keeps what is not of the login', async () => {
    const data = { ...ADA, next: '/x', _remember_seconds: 60 }
    for (const from of [{ ...HOME, agent: 'UA-2' }, { agent: 'UA-1' }]) {
      expect(await visit(data, from, strong)).toEqual({
        user: undefined,
        fresh: undefined,
        left: { cart: ['tea'] },
        failure: 'ERR_NOT_SIGNED_IN',
        events: ['login-mismatch', 'logout'],
      })
    }
    expect(await visit({ _user_id: 'ada' }, HOME, strong)).toMatchObject({ left: 'cleared' })
    expect(await visit(ADA, HOME, strong)).toMatchObject({ user: 'ada', left: 'untouched' })
  })

  test('tells Flask to clear the remember cookie, if the browser has one', async () => {
    const from = { ...HOME, agent: 'UA-2', headers: { cookie: 'remember_token=ada|0' } }
    expect(await visit(ADA, from, strong)).toMatchObject({
      left: { cart: ['tea'], _remember: 'clear' },
    })
  })

  test('of a permanent session is the basic one, as in Flask-Login', async () => {
    const permanent = { ...ADA, _permanent: true }
    expect(await visit(permanent, { ...HOME, agent: 'UA-2' }, strong)).toMatchObject({
      user: 'ada',
      left: { ...permanent, _fresh: false },
    })
  })
})

describe('the strong protection of a session of Flask-Session', () => {
  test('ends it in the store: the id that was stolen is worth nothing, for its owner neither', async () => {
    const client = new Redis(process.env['REDIS_URL']!)
    try {
      const sessions = createSessions<any>(
        flaskSession({
          SECRET_KEY,
          SESSION_REDIS: client,
          SESSION_KEY_PREFIX: `protection-${process.pid}:`,
          SESSION_PROTECTION: 'strong',
        }),
      )
      const ask = async (value: string, agent: string, act?: (session: Session<any>) => void) => {
        const request = {}
        const header = (name: string) => (name === 'user-agent' ? agent : undefined)
        const facts = { cookie: `session=${value}`, address: '127.0.0.1', header }
        const mounted = sessions.mount([request], facts)!
        const session = await sessions.get(request)
        act?.(session)
        const seen = { user: session.userId, cart: session.get('cart') }
        const line = (await mounted.finish())?.setCookie
        return { ...seen, id: line && line.split(';')[0]!.slice('session='.length) }
      }
      const { id } = await ask('', 'UA-1', (session) => {
        session.permanent = false
        session.set('cart', ['tea']).login('ada')
      })
      expect(await ask(id!, 'UA-1')).toMatchObject({ user: 'ada', cart: ['tea'] })
      const stolen = await ask(id!, 'UA-2')
      expect(stolen).toMatchObject({ user: undefined, cart: ['tea'] })
      expect(stolen.id).not.toBe(id)
      expect(await ask(id!, 'UA-1')).toMatchObject({ user: undefined, cart: undefined })
    } finally {
      client.disconnect()
    }
  })
})

describe('a login that comes over from Flask with formerly', () => {
  test('is not moved for a request that the strong protection would sign out', async () => {
    const strong = { SECRET_KEY, SESSION_PROTECTION: 'strong' } as const
    const sessions = createSessions<any>({
      secret: 'not-flask-any-more-5c1e9a7d3b2f4860',
      cookie: { name: 'shop' },
      clock: () => Date.UTC(2026, 0, 1),
      formerly: formerly({ sessions: flask(strong), until: '2026-06-01' }),
    })
    const former = cookie.seal(ADA, { now: Date.UTC(2026, 0, 1) / 1000 })
    const userFrom = async (agent: string) => {
      const request = {}
      const header = (name: string) => (name === 'user-agent' ? agent : undefined)
      sessions.mount([request], { cookie: `session=${former}`, address: '127.0.0.1', header })
      return (await sessions.get(request)).userId
    }
    expect(await userFrom('UA-1')).toBe('ada')
    expect(await userFrom('UA-2')).toBeUndefined()
  })
})

describe('signedIn with fresh', () => {
  test('is for the preset only, and misuse is told', async () => {
    const asked = async (options: object, config = {}) => {
      const sessions = createSessions<any>({ secret: 'x-5c1e9a7d3b2f4860-5c1e9a7d', ...config })
      const request = {}
      sessions.mount([request], { cookie: '', header: () => undefined })
      ;(await sessions.get(request)).login('ada')
      return sessions.signedIn(request, options)
    }
    await expect(asked({ fresh: true })).rejects.toThrow("Use within: '10m'")
    await expect(asked({ fresh: undefined })).rejects.toThrow('true or false')
    expect((await asked({ fresh: false })).userId).toBe('ada')
    const preset = flask({ SECRET_KEY })
    expect((await asked({ fresh: true }, preset)).userId).toBe('ada')
    await expect(asked({ within: '10m' }, preset)).rejects.toThrow('Use fresh: true')
  })

  test('SESSION_PROTECTION takes no other word', () => {
    const config = { SECRET_KEY, SESSION_PROTECTION: 'medium' as never }
    expect(() => flask(config)).toThrow("has to be 'basic', 'strong' or null")
    expect(() => flask({ SECRET_KEY, REMEMBER_COOKIE_NAME: 1 as never })).toThrow(
      'REMEMBER_COOKIE_NAME',
    )
  })
})

/** The user id of another writer, as Flask-Login spells it, and the keys that it keeps beside it. */

import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { float, flask, flaskCookie, markup, tuple, uuid } from '../../src/flask/flask.ts'
import { createSessions, type Session } from '../../src/index.ts'

const SECRET_KEY = 'user-id-5c1e9a7d3b2f4860e1'
const sessions = createSessions<any>(flask({ SECRET_KEY }))
const cookie = flaskCookie({ secret: SECRET_KEY })

const sealed = (data: object) => `session=${cookie.seal(data)}`

/** Opens a session, changes it, and returns what the cookie then holds. */
async function after(data: object, change: (session: Session<any>) => unknown): Promise<unknown> {
  const session = await sessions.open(sealed(data))
  change(session)
  const [line] = (await session.commit()).getSetCookie()
  const opened = cookie.open(line!.split(';')[0]!.slice('session='.length))
  return opened.ok ? opened.data : undefined
}

const OF_SEVEN = { _user_id: 7, _fresh: true, _id: 'f'.repeat(128), cart: ['private'] }

describe('a user id that another program wrote', () => {
  test.each([
    ['text', '7', '7'],
    ['a number', 7, '7'],
    ['zero', 0, '0'],
    ['a negative number', -1, '-1'],
    ['a number beyond 2^53', 2n ** 64n, '18446744073709551616'],
    [
      'a UUID',
      uuid('0f8fad5b-d9cb-469f-a165-70867728950e'),
      '0f8fad5b-d9cb-469f-a165-70867728950e',
    ],
    ['Markup, which is text in Python', markup('ada'), 'ada'],
  ])('as %s is read as its text', async (_, id, text) => {
    expect((await sessions.open(sealed({ _user_id: id }))).userId).toBe(text)
  })

  test.each([
    ['null', null],
    ['true', true],
    ['false', false],
    ['a float', 7.5],
    ['a whole float', float(7)],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a list', [7]],
    ['a tuple', tuple(7)],
    ['an object', { id: 7 }],
    ['bytes', new Uint8Array([55])],
    ['a date', new Date(0)],
    ['empty text', ''],
    ['empty Markup', markup('')],
  ])('as %s is nobody', async (_, id) => {
    const session = await sessions.open(sealed({ _user_id: id, cart: ['tea'] }))
    expect(session.userId).toBeUndefined()
    expect(session.get('cart')).toEqual(['tea'])
  })

  test('as a number protects its data from the next user', async () => {
    expect(await after(OF_SEVEN, (session) => session.login(8))).toEqual({
      _user_id: '8',
      _fresh: true,
    })
  })

  test('as a number is the same user: a login as 7 keeps the data', async () => {
    expect(await after(OF_SEVEN, (session) => session.login(7))).toEqual({
      _user_id: '7',
      _fresh: true,
      cart: ['private'],
    })
  })

  test.each([
    ['a float', 7.5],
    ['a whole float', float(7)],
    ['a list', [7]],
    ['an object', { id: 7 }],
  ])('as %s, which is nobody here, still protects its data from the next user', async (_, id) => {
    const data = { ...OF_SEVEN, _user_id: id }
    expect(await after(data, (session) => session.login(8))).toEqual({
      _user_id: '8',
      _fresh: true,
    })
  })

  test.each([[null], [false], ['']])(
    'that is %j is nobody, whose cart a login keeps',
    async (id) => {
      const data = { _user_id: id, cart: ['tea'] }
      expect(await after(data, (session) => session.login(8))).toMatchObject({ cart: ['tea'] })
    },
  )

  test('and its keys do not survive a logout that keeps other keys, nor a clear', async () => {
    const data = { ...OF_SEVEN, language: 'de' }
    const keep = ['language', '_user_id']
    expect(await after(data, (session) => session.logout({ keep }))).toEqual({ language: 'de' })
    const cleared = after(data, (session) => {
      session.clear()
      session.set('language', 'fr')
    })
    expect(await cleared).toEqual({ language: 'fr' })
  })
})

describe("Flask-Login's keys of a login", () => {
  /** Signs in behind an adapter that reports these facts. */
  async function keysOf(headers: Record<string, string>, address?: string) {
    const carrier = {}
    const visit = sessions.mount([carrier], {
      cookie: null,
      address,
      header: (name) => headers[name],
    })
    const session = await sessions.get(carrier)
    session.login(7)
    await visit!.finish()
    return { _fresh: session.get('_fresh'), _id: session.get('_id') }
  }
  const idOf = (text: string) => createHash('sha512').update(text).digest('hex')

  test.each([
    ['127.0.0.1', { 'user-agent': 'UA-1' }, "b'127.0.0.1'|b'UA-1'"],
    ['::ffff:127.0.0.1', { 'user-agent': 'UA-1' }, "b'127.0.0.1'|b'UA-1'"],
    ['::1', { 'user-agent': 'UA-1' }, "b'::1'|b'UA-1'"],
    ['127.0.0.1', {}, "b'127.0.0.1'|None"],
    ['127.0.0.1', { 'user-agent': "it's" }, `b'127.0.0.1'|b"it's"`],
    [
      '127.0.0.1',
      { 'user-agent': `it's "it" \\ \u00e9\t` },
      String.raw`b'127.0.0.1'|b'it\'s "it" \\ \xc3\xa9\t'`,
    ],
    ['10.0.0.1', { 'x-forwarded-for': ' 203.0.113.9 , 10.0.0.2' }, "b'203.0.113.9'|None"],
    ['10.0.0.1', { 'x-forwarded-for': '' }, "b''|None"],
  ])('from %s with %j are what login_user writes', async (address, headers, text) => {
    expect(await keysOf(headers, address)).toEqual({ _fresh: true, _id: idOf(text) })
  })

  test('are those recorded with Flask-Login 0.6.3', async () => {
    const { _id } = await keysOf({ 'user-agent': 'UA-1' }, '127.0.0.1')
    expect(_id).toBe(
      '101e87fd40b8e59eff265c182458d72856e9863968f963477e1b09d609007b67b92addc0bd9ddb283ed9494849f1c90bf5537446171dfae0ed4e27b6e1aee33a',
    )
  })

  test('have no _id where nobody knows the address: an old one is deleted', async () => {
    expect(await keysOf({ 'user-agent': 'UA-1' })).toEqual({ _fresh: true, _id: undefined })
    expect(await after(OF_SEVEN, (session) => session.login(7))).not.toHaveProperty('_id')
  })

  test('are not written outside the preset', async () => {
    const session = await createSessions({ secret: 'not-flask-5c1e9a7d3b2f4860' }).open(null)
    session.login(7)
    expect([...session.keys()]).toEqual([])
  })
})

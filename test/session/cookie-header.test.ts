/** The Cookie header: what a neighbour's cookie can do to ours. */

import { describe, expect, test } from 'vitest'
import { flask, flaskCookie } from '../../src/flask/flask.ts'
import { createSessions } from '../../src/index.ts'
import { SECRET, testSessions, T0, Visitor } from './visitor.ts'

describe.each([
  ['signed', {}],
  ['encrypted', { encrypt: true }],
])('a %s cookie', (_, options) => {
  test.each(['a="x; ', 'a="; ', 'a="\\"; ', 'q=5" screen; '])(
    'is found behind a neighbour with a quotation mark: %j',
    async (neighbour) => {
      const { sessions } = testSessions(options)
      const visitor = new Visitor(sessions)
      await visitor.visit((session) => session.login('7'))
      const header = `${neighbour}${visitor.cookie}; b="`
      expect((await sessions.open(header)).userId).toBe('7')
    },
  )
})

describe("Flask's preset", () => {
  const sessionsAt = (now: number) =>
    createSessions<any>({ ...flask({ SECRET_KEY: SECRET }), clock: () => now })
  const cookieOf = (seconds: number) =>
    `session=${flaskCookie({ secret: SECRET }).seal({ a: 1 }, { now: seconds })}`

  test('reads a quoted pair as one cookie, as Werkzeug does', async () => {
    const cookie = cookieOf(T0 / 1000)
    expect((await sessionsAt(T0).open(`a="x; ${cookie}; b="`)).get('a')).toBeUndefined()
    expect((await sessionsAt(T0).open(`a=x; ${cookie}; b=y`)).get('a')).toBe(1)
  })

  test('opens a cookie of a server whose clock is up to a minute ahead', async () => {
    expect((await sessionsAt(T0).open(cookieOf(T0 / 1000 + 60))).get('a')).toBe(1)
    expect((await sessionsAt(T0).open(cookieOf(T0 / 1000 + 61))).get('a')).toBeUndefined()
  })
})

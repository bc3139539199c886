/** `signedIn` within a time: for pages where money or a password moves. */

import { describe, expect, test } from 'vitest'
import { createSessions, type SessionOptions } from '../../src/index.ts'
import { flask } from '../../src/flask/flask.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { SECRET } from './visitor.ts'

const T0 = 1_795_000_000_000

function site(options: Partial<SessionOptions> = {}) {
  const at = { now: T0 }
  const sessions = createSessions({ secret: SECRET, clock: () => at.now, ...options })
  let cookie: string | undefined
  /** One request: what it does, and what `signedIn` then says. */
  async function ask(work: (carrier: object) => Promise<unknown>) {
    const carrier = {}
    const visit = sessions.mount([carrier], { cookie, header: () => undefined })!
    try {
      return await work(carrier)
    } finally {
      cookie = (await visit.finish())?.setCookie?.split(';')[0] ?? cookie
    }
  }
  const login = () => ask(async (carrier) => (await sessions.get(carrier)).login('mona'))
  const fresh = () => ask((carrier) => sessions.signedIn(carrier, { within: '10m' }))
  return { at, sessions, ask, login, fresh }
}

describe.each([
  ['the signed cookie', () => ({})],
  ['the encrypted cookie', () => ({ encrypt: true })],
  ['a store', () => ({ store: memoryStore({ clock: () => T0 }) })],
])('a fresh login, on %s', (_, options) => {
  test('is one of at most that long ago, however often the visitor came since', async () => {
    const { at, login, fresh } = site(options())
    await login()
    for (const minutes of [0, 5, 10]) {
      at.now = T0 + minutes * 60_000
      await expect(fresh()).resolves.toMatchObject({ userId: 'mona' })
    }
    at.now = T0 + 10 * 60_000 + 1
    await expect(fresh()).rejects.toMatchObject({ code: 'ERR_LOGIN_STALE', status: 401 })
  })

  test('is had again by signing in again', async () => {
    const { at, login, fresh } = site(options())
    await login()
    at.now += 3_600_000
    await expect(fresh()).rejects.toMatchObject({ code: 'ERR_LOGIN_STALE' })
    await login()
    await expect(fresh()).resolves.toMatchObject({ userId: 'mona' })
  })

  test('is not one from the future, as a server whose clock was ahead had written it', async () => {
    const { at, login, fresh } = site(options())
    await login()
    at.now -= 60_000
    await expect(fresh()).resolves.toMatchObject({ userId: 'mona' })
    at.now -= 1000
    await expect(fresh()).rejects.toMatchObject({ status: 401 })
  })

  test('nobody signed in is told so, not that the login is old', async () => {
    await expect(site(options()).fresh()).rejects.toMatchObject({ code: 'ERR_NOT_SIGNED_IN' })
  })
})

test('a time that is none is refused where it stands', async () => {
  const { sessions, ask, login } = site()
  await login()
  for (const within of ['soon', 10, -1, Number.NaN, undefined] as never[]) {
    const asked = ask((carrier) => sessions.signedIn(carrier, { within }))
    await expect(asked).rejects.toMatchObject({ code: 'ERR_OPTION_INVALID' })
  }
})

test('a slip of the pen is not no check', async () => {
  const { sessions, ask, login } = site()
  await login()
  const asked = ask((carrier) => sessions.signedIn(carrier, { whithin: '10m' } as never))
  await expect(asked).rejects.toMatchObject({ code: 'ERR_OPTION_INVALID' })
})

test("Flask's cookie does not keep the time of a login, and an old one never passes for fresh", async () => {
  const { ask, sessions, login } = site(flask({ SECRET_KEY: SECRET }))
  await login()
  await expect(ask((carrier) => sessions.signedIn(carrier))).resolves.toMatchObject({
    userId: 'mona',
  })
  const asked = ask((carrier) => sessions.signedIn(carrier, { within: '10m' }))
  await expect(asked).rejects.toMatchObject({ code: 'ERR_OPTION_INVALID' })
})

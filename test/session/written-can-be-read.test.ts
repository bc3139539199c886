/** What a session accepts, the next request reads. */

import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { flask, flaskCookie } from '../../src/flask/flask.ts'
import { createSessions } from '../../src/index.ts'

const secret = 'written-can-be-read-4d90b7'
const own = createSessions({ secret })
const flasks = createSessions(flask({ SECRET_KEY: secret }))

describe.each([
  ['our own cookie', own],
  ['Flask’s cookie', flasks],
])('%s', (_, sessions) => {
  it('refuses a text that deflates well but would not be inflated again', async () => {
    const session = await sessions.open(null)
    session.set('x', 'a'.repeat(70_000))
    await expect(session.commit()).rejects.toMatchObject({ code: 'ERR_COOKIE_TOO_LARGE' })
  })

  it('reads an object back whose only defined member is named like a tag', async () => {
    const session = await sessions.open(null)
    session.set('x', { ' t': [1], other: undefined })
    const [line] = (await session.commit()).getSetCookie()
    const again = await sessions.open(line!.split(';')[0])
    expect(again.get('x')).toEqual({ ' t': [1] })
  })
})

describe('without a size limit', () => {
  const unlimited = createSessions(flask({ SECRET_KEY: secret, MAX_COOKIE_SIZE: 0 }))

  it('reads back every text that it accepts', async () => {
    const noise = Array.from({ length: 2000 }, (_, at) =>
      createHash('sha256').update(`${at}`).digest('base64'),
    ).join('')
    const accepted: number[] = []
    for (const length of [40_000, 60_000, 64_000, 65_000, 65_500]) {
      const session = await unlimited.open(null)
      session.set('x', noise.slice(0, length))
      const headers = await session.commit().catch(() => undefined)
      const [line] = headers?.getSetCookie() ?? []
      if (line === undefined) continue
      accepted.push(length)
      expect((await unlimited.open(line.split(';')[0])).get('x')).toHaveLength(length)
    }
    expect(accepted).toContain(60_000)
  })

  it('reads Flask’s deepest value without being unable to commit', async () => {
    const text = `${'['.repeat(63)}${']'.repeat(63)}`
    const sealed = flaskCookie({ secret }).seal({ x: JSON.parse(text) })
    const session = await unlimited.open(`session=${sealed}`)
    expect(JSON.stringify(session.get('x'))).toBe(text)
    expect((await session.commit()).getSetCookie()).toEqual([])
  })
})

describe('flaskCookie', () => {
  it('refuses what it could not open again, and an age that is no number', () => {
    const cookie = flaskCookie({ secret })
    expect(() => cookie.seal({ x: 'a'.repeat(70_000) })).toThrow(
      expect.objectContaining({ code: 'ERR_COOKIE_TOO_LARGE' }),
    )
    expect(() => flaskCookie({ secret, maxAge: Number.NaN })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION_INVALID' }),
    )
    expect(cookie.open(cookie.seal({ a: 1 }), { now: Number.NaN }).ok).toBe(false)
  })
})

describe('misuse from plain JavaScript', () => {
  it('logout({ keep }) wants a list', async () => {
    const session = await own.open(null)
    expect(() => session.logout({ keep: 'lang' as never })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION_INVALID' }),
    )
  })

  it('assigning to a property fails, in sloppy mode and for the library’s own names too', async () => {
    const session = await own.open(null)
    const assign = new Function('session', 'name', 'session[name] = 1') as (
      session: unknown,
      name: string,
    ) => void
    for (const name of ['username', 'userId', 'size', 'isNew', 'handle', 'authenticatedAt']) {
      expect(() => assign(session, name), name).toThrow(
        expect.objectContaining({ code: 'ERR_SESSION_PROPERTY' }),
      )
    }
    expect(String(session)).toBe('[object Object]')
  })

  it('a key given to sessions.get is named only where it cannot be a secret', async () => {
    await expect(own.get('visits' as never)).rejects.toThrow("session.get('visits')")
    const secretive = own.get('deadbeefcafe0123' as never)
    await expect(secretive).rejects.not.toThrow(/deadbeef/)
  })
})

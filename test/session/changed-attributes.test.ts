/** Cookie attributes that were changed reach visitors whose sessions are in a store. */

import { describe, expect, test } from 'vitest'
import { createSessions, type SessionOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { SECRET, T0, Visitor } from './visitor.ts'

/** An app before and after a change of its cookie's attributes. */
async function changed(more: Partial<SessionOptions> = {}) {
  const at = { now: T0 }
  const clock = () => at.now
  const store = memoryStore({ clock })
  const options = { secret: SECRET, store, clock, ...more }
  const visitor = new Visitor(createSessions<any>(options))
  await visitor.visit((session) => session.login('7'))
  const after = (cookie: NonNullable<SessionOptions['cookie']>) =>
    new Visitor(createSessions<any>({ ...options, cookie }), visitor.cookie)
  return { at, visitor, after }
}

describe('after a change of', () => {
  test.each([
    ['SameSite', { sameSite: 'Strict' }, '; SameSite=Strict'],
    ['Domain', { domain: 'example.com' }, '; Domain=example.com'],
    ['Path', { path: '/app' }, '; Path=/app'],
    ['Secure', { secure: true, name: 'session' }, '; Secure'],
    ['HttpOnly', { httpOnly: false }, 'session='],
  ] as const)('%s, a visit that only reads sends the cookie once more', async (_, cookie, sent) => {
    const { at, after } = await changed()
    const visitor = after(cookie)
    at.now += 60_000
    const { setCookie } = await visitor.visit()
    expect(setCookie).toContain(sent)
    expect((await visitor.visit()).setCookie).toBeUndefined()
    expect((await visitor.visit((session) => session.set('x', 1))).setCookie).toBeUndefined()
    expect(await visitor.read((session) => session.userId)).toBe('7')
  })

  test('nothing, no cookie is sent', async () => {
    const { visitor } = await changed()
    expect((await visitor.visit()).setCookie).toBeUndefined()
    expect((await visitor.visit((session) => session.set('x', 1))).setCookie).toBeUndefined()
  })

  test('an attribute, a change of the session sends the cookie with it', async () => {
    const { after } = await changed()
    const visitor = after({ sameSite: 'Strict' })
    expect((await visitor.visit((session) => session.set('x', 1))).setCookie).toContain('Strict')
    expect((await visitor.visit()).setCookie).toBeUndefined()
  })

  test('an attribute, an encrypted row tells it too', async () => {
    const { after } = await changed({ encrypt: true })
    const visitor = after({ sameSite: 'Strict' })
    expect((await visitor.visit()).setCookie).toContain('Strict')
    expect((await visitor.visit()).setCookie).toBeUndefined()
  })

  test('an attribute, a logout meanwhile is not undone', async () => {
    const { visitor, after } = await changed()
    const session = await after({ sameSite: 'Strict' }).sessions.open(visitor.cookie)
    await visitor.visit((other) => other.logout())
    expect((await session.commit()).getSetCookie()).toEqual([])
  })
})

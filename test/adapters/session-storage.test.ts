/** React Router's own storage and ours do the same, so that an app can change its one line. */

import {
  createCookieSessionStorage,
  createMemorySessionStorage,
  createSession,
  type SessionStorage,
} from 'react-router'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { sessionStorage } from '../../src/adapters/react-router.ts'
import { createSessions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'

interface Data {
  userId: string
}
interface Flashes {
  error: string
}

const secret = 'storage-of-a-router-4d9a6e21c7f0b853'
const inCookie = createSessions<Data>({ secret })
const inStore = createSessions<Data>({ secret, store: memoryStore() })
const ours = () => sessionStorage<Data, Flashes>(inCookie)

const STORAGES: Record<string, () => SessionStorage<Data, Flashes>> = {
  "React Router's cookie storage": () =>
    createCookieSessionStorage({ cookie: { name: 's', secrets: [secret] } }),
  "React Router's memory storage": () =>
    createMemorySessionStorage({ cookie: { name: 's', secrets: [secret] } }),
  'ours, in the cookie': ours,
  'ours, in a store': () => sessionStorage<Data, Flashes>(inStore),
}

/** What the browser sends next: the cookie that was set, or else the one that it has. */
const sent = (setCookie: string, before = '') => setCookie.split(';')[0] || before

it("has the type of React Router's SessionStorage", () => {
  expectTypeOf(ours()).toExtend<SessionStorage<Data, Flashes>>()
})

describe.each(Object.keys(STORAGES))('%s', (name) => {
  const { getSession, commitSession, destroySession } = STORAGES[name]!()

  it('keeps a value until it is unset', async () => {
    const first = await getSession(null)
    expect([first.id, first.has('userId'), first.get('userId')]).toEqual(['', false, undefined])
    first.set('userId', 'ada')
    const cookie = sent(await commitSession(first))
    const second = await getSession(cookie)
    expect([second.has('userId'), second.get('userId'), second.data.userId]).toEqual([
      true,
      'ada',
      'ada',
    ])
    second.unset('userId')
    second.flash('error', 'so that there is something to save')
    const third = await getSession(sent(await commitSession(second), cookie))
    expect(third.has('userId')).toBe(false)
  })

  it('shows a flash message once', async () => {
    const first = await getSession()
    first.set('userId', 'ada')
    first.flash('error', 'Oops')
    const cookie = sent(await commitSession(first))
    const second = await getSession(cookie)
    expect(second.data).toEqual({ userId: 'ada', __flash_error__: 'Oops' })
    expect([second.has('error'), second.get('error'), second.get('error')]).toEqual([
      true,
      'Oops',
      undefined,
    ])
    const third = await getSession(sent(await commitSession(second), cookie))
    expect([third.get('userId'), third.get('error')]).toEqual(['ada', undefined])
  })

  it('removes the cookie of a session that is destroyed', async () => {
    const first = await getSession()
    first.set('userId', 'ada')
    const second = await getSession(sent(await commitSession(first)))
    expect(await destroySession(second)).toMatch(/expires=Thu, 01 Jan 1970|max-age=0/i)
  })
})

describe('our storage', () => {
  it('ends a session in the store, so that a copy of its cookie is worth nothing', async () => {
    const { getSession, commitSession, destroySession } = sessionStorage(inStore)
    const first = await getSession()
    first.set('userId', 'ada')
    const copy = sent(await commitSession(first))
    await destroySession(await getSession(copy))
    expect((await getSession(copy)).data).toEqual({})
  })

  it('renews the session id at a login through our session', async () => {
    const { getSession, commitSession } = sessionStorage(inStore)
    const first = await getSession()
    first.set('userId', 'guest')
    const planted = sent(await commitSession(first))
    const second = await getSession(planted)
    second.session.login('ada')
    const third = await getSession(sent(await commitSession(second)))
    expect(third.session.userId).toBe('ada')
    expect((await getSession(planted)).data).toEqual({})
  })

  it('sends no new cookie for a session that was only read', async () => {
    const { getSession, commitSession } = ours()
    const first = await getSession()
    first.set('userId', 'ada')
    const second = await getSession(sent(await commitSession(first)))
    expect(second.get('userId')).toBe('ada')
    expect(await commitSession(second)).toBe('')
  })

  it('refuses options of the cookie, which would not be followed', async () => {
    const { getSession, commitSession, destroySession } = ours()
    const session = await getSession()
    await expect(commitSession(session, { maxAge: 60 })).rejects.toThrow(/createSessions/)
    await expect(destroySession(session, { maxAge: 60 })).rejects.toThrow(/createSessions/)
  })

  it('refuses a session of another storage', async () => {
    const { commitSession } = ours()
    const foreign = createSession<Data, Flashes>({ userId: 'ada' })
    await expect(commitSession(foreign)).rejects.toMatchObject({ code: 'ERR_OPTION_INVALID' })
  })
})

/** One browser, two users: nothing of the first reaches the second. */

import { describe, expect, it } from 'vitest'
import { createSessions, type Session } from '../../src/index.ts'

const sessions = createSessions({ secret: 'two-users-e83b20a7c95d41f60d' })

/** The Cookie header a visitor has after a request. */
async function afterRequest(cookie: string | undefined, handle: (session: Session) => void) {
  const session = await sessions.open(cookie)
  handle(session)
  const headers = await session.commit()
  return headers.getSetCookie()[0]?.split(';')[0] ?? cookie
}

const ofA = () =>
  afterRequest(undefined, (session) => {
    session.login('a')
    session.permanent = true
    session.label = "a's phone"
    session.set('cart', ['private'])
    session.flash('for a')
  })

describe('a login as another user', () => {
  it('takes along nothing of the first: no data, message, label, or “remember me”', async () => {
    const cookie = await afterRequest(await ofA(), (session) => session.login('b'))
    const session = await sessions.open(cookie)
    expect([session.userId, session.size, session.label, session.permanent]).toEqual([
      'b',
      0,
      undefined,
      false,
    ])
    expect(session.flashes()).toEqual([])
  })

  it('takes along nothing of an object that was in the handler’s hands', async () => {
    const cookie = await afterRequest(await ofA(), (session) => {
      ;(session.get('cart') as string[]).push('new')
      session.login('b')
    })
    expect([...(await sessions.open(cookie)).keys()]).toEqual([])
  })

  it('keeps what this request wrote, with what became of it', async () => {
    const cookie = await afterRequest(await ofA(), (session) => {
      const list = ['mine']
      session.set('list', list)
      session.login('b')
      list.push('too')
    })
    expect((await sessions.open(cookie)).get('list')).toEqual(['mine', 'too'])
  })

  it('twice in one request leaves nothing of the first', async () => {
    const cookie = await afterRequest(undefined, (session) => {
      session.login('a')
      session.set('secret', 1)
      session.login('b')
    })
    expect([...(await sessions.open(cookie)).keys()]).toEqual([])
  })
})

describe('a login of an anonymous visitor', () => {
  it('keeps “remember me” that was committed before', async () => {
    const session = await sessions.open(null)
    session.permanent = true
    await session.commit()
    session.login('a')
    expect(session.permanent).toBe(true)
    expect((await session.commit()).getSetCookie()[0]).toMatch(/Max-Age=/)
  })

  it('does not compute an update again: what the page was given is what is kept', async () => {
    let calls = 0
    const session = await sessions.open(null)
    const token = session.update('token', () => `t${++calls}`)
    session.login('a')
    expect(session.get('token')).toBe(token)
  })
})

describe('isNew', () => {
  it('says how the visitor came, whatever happens meanwhile', async () => {
    const session = await sessions.open(null)
    session.set('a', 1)
    await session.commit()
    expect(session.isNew).toBe(true)
    const again = await sessions.open(await ofA())
    again.logout()
    await again.commit()
    expect(again.isNew).toBe(false)
  })
})

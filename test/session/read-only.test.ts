/** A visit that is read-only shows the session and changes nothing of it. */

import { describe, expect, it } from 'vitest'
import { flask } from '../../src/flask/flask.ts'
import type { Session } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { T0, testSessions, Visitor } from './visitor.ts'

const WHY = 'a page is being rendered. Change the session in a form action'

/** A visitor who left something behind, and a read-only visit of theirs. */
async function returning(where: string) {
  const clock = { now: T0 }
  const options = { lifetime: { idle: '1h' }, clock: () => clock.now } as const
  const store = memoryStore({ clock: () => clock.now })
  const site = testSessions(where === 'in a store' ? { ...options, store } : options)
  const visitor = new Visitor(site.sessions)
  await visitor.visit((session) => {
    session.set('cart', ['tea'])
    session.flash('Welcome back')
  })
  const carrier = {}
  const facts = { cookie: visitor.cookie, header: () => undefined }
  const visit = site.sessions.mount([carrier], facts)!
  return { ...site, clock, visitor, visit, carrier }
}

describe.each(['in a cookie', 'in a store'])('a read-only session %s', (where) => {
  it('is read like every other', async () => {
    const { sessions, visit, carrier } = await returning(where)
    visit.readOnly(WHY)
    expect((await sessions.get(carrier)).get('cart')).toEqual(['tea'])
  })

  it('shows flash messages, which wait on for a page that can say they were shown', async () => {
    const { sessions, visit, carrier, visitor } = await returning(where)
    visit.readOnly(WHY)
    const session = await sessions.get(carrier)
    const shown = [session.flashes(), session.flashes()]
    expect(shown.map(([flash]) => flash?.message)).toEqual(['Welcome back', 'Welcome back'])
    await visit.finish()
    await visitor.visit((next) => expect(next.flashes()).toHaveLength(1))
  })

  it.each<[string, (session: Session<any>) => unknown]>([
    ['set()', (session) => session.set('late', 1)],
    ['update()', (session) => session.update('late', () => 1)],
    ['delete()', (session) => session.delete('cart')],
    ['clear()', (session) => session.clear()],
    ['flash()', (session) => session.flash('late')],
    ['login()', (session) => session.login('ada')],
    ['logout()', (session) => session.logout()],
    ['regenerate()', (session) => session.regenerate()],
    ['permanent', (session) => (session.permanent = true)],
    ['label', (session) => (session.label = 'phone')],
  ])('refuses %s where it is called, and says why and what to do', async (verb, write) => {
    const { sessions, visit, carrier } = await returning(where)
    visit.readOnly(WHY)
    const session = await sessions.get(carrier)
    let thrown: unknown
    try {
      write(session)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ code: 'ERR_SESSION_READ_ONLY', status: 503 })
    const { message } = thrown as Error
    expect(message.startsWith(verb)).toBe(true)
    expect(message).toContain(WHY)
  })

  it('renews nothing and sends no cookie, but tells caches that the page depends on it', async () => {
    const { sessions, visit, carrier, clock, visitor } = await returning(where)
    clock.now += 50 * 60_000
    visit.readOnly(WHY)
    await (await sessions.get(carrier)).commit()
    expect(await visit.finish()).toEqual({ vary: true, setCookie: undefined })
    clock.now += 20 * 60_000
    await visitor.visit((session) => expect(session.isNew).toBe(true))
  })

  it('fails for a change inside a value, which nobody could refuse earlier', async () => {
    const { sessions, visit, carrier } = await returning(where)
    visit.readOnly(WHY)
    ;(await sessions.get(carrier)).get('cart').push('milk')
    await expect((async () => visit.finish())()).rejects.toMatchObject({
      code: 'ERR_SESSION_READ_ONLY',
    })
  })

  it('can be made so once it is open, or while it opens, but not once it was changed', async () => {
    const opened = await returning(where)
    const session = await opened.sessions.get(opened.carrier)
    opened.visit.readOnly(WHY)
    expect(() => session.set('late', 1)).toThrow(/read-only/)

    const opening = await returning(where)
    const promise = opening.sessions.get(opening.carrier)
    opening.visit.readOnly(WHY)
    const late = await promise
    expect(() => late.set('late', 1)).toThrow(/read-only/)

    const changed = await returning(where)
    ;(await changed.sessions.get(changed.carrier)).get('cart').push('milk')
    expect(() => changed.visit.readOnly(WHY)).toThrow(/^An earlier change/)
    await changed.visit.finish()
  })
})

it('an unasked renewal, as Flask does it, does not happen in a read-only visit', async () => {
  const site = testSessions({ ...flask({ SECRET_KEY: 'read-only-4f1d7a0c92be6385' }) })
  const visitor = new Visitor(site.sessions)
  await visitor.visit((session) => (session.set('a', 1).permanent = true))
  const facts = { cookie: visitor.cookie, header: () => undefined }
  const renewing = site.sessions.mount([{}], facts)!
  expect(await renewing.finish()).toMatchObject({ setCookie: expect.any(String) })
  const reading = site.sessions.mount([{}], facts)!
  reading.readOnly(WHY)
  expect(await reading.finish()).toBeUndefined()
})

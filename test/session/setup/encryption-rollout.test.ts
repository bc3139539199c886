/** Turning `encrypt` on, and secrets that come and go, while servers and sessions are of both kinds. */

import { describe, expect, test } from 'vitest'
import { createSessions } from '../../../src/index.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { browser, made, T0 } from '../browser.ts'
import { OLD_SECRET, SECRET } from '../visitor.ts'

describe('what goes wrong on the way', () => {
  test('a session that fits only deflated is not refused for being read', async () => {
    const large = browser()
    await large.visit(made().sessions, (session) => session.set('note', 'x'.repeat(9000)))
    const { sessions } = made({ encrypt: { migrateUntil: new Date(T0 + 1000) } })
    const { result, line } = await large.visit(sessions, (session) => session.get('note')?.length)
    expect([result, line]).toEqual([9000, null])
    const writing = large.visit(sessions, (session) => session.set('more', 1))
    await expect(writing).rejects.toMatchObject({ code: 'ERR_COOKIE_TOO_LARGE' })
    await large.visit(sessions, (session) => session.set('note', 'short'))
    expect(large.cookie).not.toContain('.')
  })

  test.each(['a cookie', 'a store'])(
    'servers that take it over one after another read each other, in %s',
    async (place) => {
      const store = memoryStore({ clock: () => T0 })
      const shared = place === 'a store' ? { store } : {}
      const encrypt = { from: new Date(T0 + 1000), migrateUntil: new Date(T0 + 5000) }
      const [ahead, behind] = [made({ encrypt, ...shared }), made(shared)]
      const mona = browser()
      for (const { sessions } of [behind, ahead, behind, ahead]) {
        await mona.visit(sessions, (session) => session.update('n', (n = 0) => n + 1))
      }
      const { line } = await mona.visit(ahead.sessions, (session) =>
        expect(session.get('n')).toBe(4),
      )
      expect(line).toBeNull()
      // By now the other server has the configuration, too.
      ahead.at.now = T0 + 1000
      await mona.visit(ahead.sessions, (session) => expect(session.get('n')).toBe(4))
      const later = made({ encrypt: true, ...shared })
      await mona.visit(later.sessions, (session) => expect(session.get('n')).toBe(4))
    },
  )

  test('it cannot begin after the migration has ended', () => {
    const encrypt = { from: '2027-03-02', migrateUntil: '2027-03-01' }
    expect(() => made({ encrypt })).toThrow(/encrypt\.from.*has to be before migrateUntil/)
    expect(() => made({ encrypt: { migrateUntil: '2027-02-30' } })).toThrow(/such as/)
  })

  describe('a row that this server cannot read, and another can', () => {
    async function fleet() {
      const store = memoryStore({ clock: () => T0 })
      const ahead = made({ encrypt: true, secret: [SECRET, OLD_SECRET], store })
      const behind = made({ encrypt: true, secret: OLD_SECRET, store })
      const mona = browser()
      await mona.visit(behind.sessions, (session) => session.login('mona'))
      const before = mona.cookie!
      await mona.visit(ahead.sessions, (session) => session.set('n', 1))
      return { store, ahead, behind, mona, before }
    }
    const userWith = async ({ sessions }: ReturnType<typeof made>, cookie: string) =>
      (await sessions.open(cookie)).userId

    test('is ended by a logout all the same', async () => {
      const { ahead, behind, before, mona } = await fleet()
      const here = await behind.sessions.open(before)
      expect(here.userId).toBeUndefined()
      here.logout()
      await here.commit()
      expect(await userWith(ahead, mona.cookie!)).toBeUndefined()
      expect(await userWith(ahead, before)).toBeUndefined()
    })

    test('is ended by a login', async () => {
      const { ahead, behind, before, mona } = await fleet()
      const here = await behind.sessions.open(before)
      here.login('mona')
      await here.commit()
      expect(await userWith(ahead, before)).toBeUndefined()
      expect(await userWith(ahead, mona.cookie!)).toBeUndefined()
    })

    test('is ended by a login that was under way when it was written', async () => {
      const store = memoryStore({ clock: () => T0 })
      const ahead = made({ encrypt: true, secret: [SECRET, OLD_SECRET], store })
      const behind = made({ encrypt: true, secret: OLD_SECRET, store })
      const mona = browser()
      await mona.visit(behind.sessions, (session) => session.login('mona'))
      const underWay = await behind.sessions.open(mona.cookie)
      const before = mona.cookie!
      await mona.visit(ahead.sessions, (session) => session.set('n', 1))
      underWay.login('mona')
      await underWay.commit()
      expect(await userWith(ahead, before)).toBeUndefined()
      expect(await userWith(ahead, mona.cookie!)).toBeUndefined()
    })
  })

  test('rows under a secret that was dropped do not lock their user out', async () => {
    const store = memoryStore({ clock: () => T0 })
    const limits = { encrypt: true, store, maxSessionsPerUser: 2, onLimit: 'reject' } as const
    const before = createSessions({ secret: OLD_SECRET, clock: () => T0, ...limits })
    for (let device = 0; device < 2; device++) {
      await browser().visit(before, (session) => session.login('mona'))
    }
    const third = browser().visit(before, (session) => session.login('mona'))
    await expect(third).rejects.toMatchObject({ code: 'ERR_SESSION_LIMIT' })
    const after = createSessions({ secret: SECRET, clock: () => T0, ...limits })
    for (let device = 0; device < 2; device++) {
      await browser().visit(after, (session) => session.login('mona'))
    }
    expect(await after.list('mona')).toHaveLength(2)
    const more = browser().visit(after, (session) => session.login('mona'))
    await expect(more).rejects.toMatchObject({ code: 'ERR_SESSION_LIMIT' })
  })

  test('two servers with their secrets in another order keep the id as it is, also where ids rotate', async () => {
    const store = memoryStore({ clock: () => T0 })
    for (const rotate of [undefined, '15m'] as const) {
      const options = { store, ...(rotate && { rotate }) }
      const one = made({ ...options, secret: [SECRET, OLD_SECRET] })
      const other = made({ ...options, secret: [OLD_SECRET, SECRET] })
      const mona = browser()
      await mona.visit(one.sessions, (session) => session.login('mona'))
      const verifier = mona.cookie!.split('.')[1]
      for (let visit = 0; visit < 50; visit++) {
        for (const { sessions } of [other, one]) {
          await mona.visit(sessions, (session) => expect(session.userId).toBe('mona'))
        }
      }
      expect(mona.cookie!.split('.')[1]).toBe(verifier)
    }
  })
})

/** The option `encrypt`, as an app meets it: in the cookie, and in a store. */

import { describe, expect, test } from 'vitest'
import { createSessions } from '../../../src/index.ts'
import { flask } from '../../../src/flask/flask.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import type { SessionStore } from '../../../src/backends/stored/store.ts'
import { browser, made, T0 } from '../browser.ts'
import { OLD_SECRET, SECRET } from '../visitor.ts'

const secrets = 'the pin is 4711'

describe('encrypt: true, in the cookie', () => {
  test('nobody who holds the cookie can read it, and the session is as before', async () => {
    const { sessions, events } = made({ encrypt: true })
    const mona = browser()
    await mona.visit(sessions, (session) => {
      session.set('note', secrets)
      session.login('mona')
    })
    const bytes = Buffer.from(mona.cookie!.split('=')[1]!, 'base64url').toString('latin1')
    for (const text of ['note', 'pin', 'mona']) expect(bytes).not.toContain(text)
    const { result } = await mona.visit(sessions, (session) => [
      session.get('note'),
      session.userId,
    ])
    expect(result).toEqual([secrets, 'mona'])
    expect(events.map(({ type }) => type)).toEqual(['login', 'created'])
  })

  test('a small session has at most 120 characters', async () => {
    const { sessions } = made({ encrypt: true })
    const small = browser()
    await small.visit(sessions, (session) => session.set('a', 1))
    expect(small.cookie!.split('=')[1]!.length).toBeLessThanOrEqual(120)
  })

  test('a cookie that was only signed opens nothing, or until the given day', async () => {
    const signed = browser()
    await signed.visit(made().sessions, (session) => session.set('note', secrets))
    const strict = made({ encrypt: true })
    await signed.visit(strict.sessions, (session) => expect(session.size).toBe(0))
    expect(strict.events).toEqual([{ type: 'rejected', reason: 'malformed' }])

    const migrating = made({ encrypt: { migrateUntil: new Date(T0 + 1000) } })
    migrating.at.now = T0 + 999
    const { line } = await signed.visit(migrating.sessions, (session) => {
      expect(session.get('note')).toBe(secrets)
    })
    expect(line).toBeDefined()
    expect(signed.cookie).not.toContain('.')
    expect(migrating.events).toEqual([])
    await signed.visit(strict.sessions, (session) => expect(session.get('note')).toBe(secrets))
  })

  test('from that day on it is not read any more, and a forged one never was', async () => {
    const signed = browser()
    await signed.visit(made().sessions, (session) => session.set('note', secrets))
    const { sessions, at } = made({ encrypt: { migrateUntil: new Date(T0 + 1000) } })
    at.now = T0 + 1000
    expect((await sessions.open(signed.cookie)).size).toBe(0)
    at.now = T0
    expect((await sessions.open(`${signed.cookie}x`)).size).toBe(0)
    const foreign = browser()
    await foreign.visit(made({ secret: OLD_SECRET }).sessions, (session) => session.set('a', 1))
    expect((await sessions.open(foreign.cookie)).size).toBe(0)
  })

  test('migrating does not make a session younger', async () => {
    const signed = browser()
    await signed.visit(made().sessions, (session) => session.set('note', secrets))
    const migrating = made({
      encrypt: { migrateUntil: '2027-01-01' },
      lifetime: { idle: '1h', absolute: '2h' },
    })
    migrating.at.now = T0 + 60_000
    expect((await signed.visit(migrating.sessions, () => {})).line).toBeDefined()
    migrating.at.now = T0 + 3_600_000 + 1000
    await signed.visit(migrating.sessions, (session) => expect(session.size).toBe(0))
    expect(migrating.events).toEqual([{ type: 'rejected', reason: 'expired' }])
  })

  test('a cookie of a secret that is gone says so, and one of an old secret is written anew', async () => {
    const old = browser()
    const before = made({ secret: OLD_SECRET, encrypt: true })
    await old.visit(before.sessions, (session) => session.set('a', 1))
    const gone = made({ encrypt: true })
    expect((await gone.sessions.open(old.cookie)).size).toBe(0)
    expect(gone.events).toEqual([{ type: 'rejected', reason: 'unknown-key' }])

    const rotated = made({ secret: [SECRET, OLD_SECRET], encrypt: true })
    const { line } = await old.visit(rotated.sessions, (session) =>
      expect(session.get('a')).toBe(1),
    )
    expect(line).toBeDefined()
    expect(rotated.events).toEqual([{ type: 'old-secret', key: 1 }])
    expect(rotated.sessions.secretUse()).toEqual([
      { opened: 0, lastAt: undefined },
      { opened: 1, lastAt: new Date(T0) },
    ])
    await old.visit(gone.sessions, (session) => expect(session.get('a')).toBe(1))
  })

  test('a cookie too large is refused with its largest keys, as without', async () => {
    const { sessions } = made({ encrypt: true })
    const session = await sessions.open(undefined)
    session.set('long', 'x'.repeat(3500))
    await expect(session.commit()).rejects.toMatchObject({
      code: 'ERR_COOKIE_TOO_LARGE',
      message: expect.stringMatching(/long \(3502 bytes\)/),
    })
  })
})

describe('encrypt: true, in a store', () => {
  /** Everything the store holds. */
  async function dump(store: SessionStore): Promise<string> {
    const found: string[] = []
    for await (const keys of store.keys()) {
      for (const key of keys) found.push(JSON.stringify(await store.read(key)))
    }
    return found.join('\n')
  }

  test('nobody who reads the store can read a session, save whose it is', async () => {
    const store = memoryStore({ clock: () => T0 })
    const { sessions } = made({ encrypt: true, store })
    const mona = browser()
    await mona.visit(sessions, (session) => {
      session.set('note', secrets)
      session.label = 'a phone'
      session.login('mona')
    })
    const rows = await dump(store)
    for (const text of ['note', 'pin', 'a phone']) expect(rows).not.toContain(text)
    expect(rows).toContain('"owner":"mona"')
    await mona.visit(sessions, (session) => expect(session.get('note')).toBe(secrets))
  })

  test('a row under the key of another session opens nothing, and neither does one cut short', async () => {
    const store = memoryStore({ clock: () => T0 })
    const { sessions, events } = made({ encrypt: true, store })
    const [mona, eve] = [browser(), browser()]
    for (const visitor of [mona, eve]) {
      await visitor.visit(sessions, (session) => session.set('note', secrets))
    }
    const [monas, eves] = [mona, eve].map(({ cookie }) => cookie!.split('=')[1]!.split('.')[0]!)
    const row = (await store.read(monas!))!
    const other = (await store.read(eves!))!
    await store.swap(monas!, row.write, { ...other, write: 'w1', recent: [] })
    await store.swap(eves!, other.write, {
      ...other,
      write: 'w2',
      recent: [],
      body: other.body.slice(1),
    })
    events.length = 0
    for (const { cookie } of [mona, eve]) expect((await sessions.open(cookie)).size).toBe(0)
    expect(events).toEqual([
      { type: 'rejected', reason: 'corrupt' },
      { type: 'rejected', reason: 'corrupt' },
    ])
  })

  test('rows from before open until the given day, and are encrypted at the first visit', async () => {
    const store = memoryStore({ clock: () => T0 })
    const [mona, late] = [browser(), browser()]
    const plain = made({ store })
    for (const visitor of [mona, late]) {
      await visitor.visit(plain.sessions, (session) => session.set('note', secrets))
    }
    const migrating = made({ encrypt: { migrateUntil: new Date(T0 + 1000) }, store })
    await mona.visit(migrating.sessions, (session) => expect(session.get('note')).toBe(secrets))
    const strict = made({ encrypt: true, store })
    await mona.visit(strict.sessions, (session) => expect(session.get('note')).toBe(secrets))
    await late.visit(strict.sessions, (session) => expect(session.size).toBe(0))
    expect(strict.events).toEqual([{ type: 'rejected', reason: 'corrupt' }])
    migrating.at.now += 1000
    expect((await migrating.sessions.open(late.cookie)).size).toBe(0)
  })

  test('a row under an old secret is written anew even if the id is not', async () => {
    const store = memoryStore({ clock: () => T0 })
    const mona = browser()
    const [first, second] = [
      made({ secret: [OLD_SECRET, SECRET], encrypt: true, store }),
      made({ secret: [SECRET, OLD_SECRET], encrypt: true, store }),
    ]
    await mona.visit(second.sessions, (session) => session.set('n', 1))
    // A server that has not taken the new secret over yet writes to the same session.
    const behind = await first.sessions.open(mona.cookie)
    behind.set('n', 2)
    await behind.commit()
    await mona.visit(second.sessions, (session) => expect(session.get('n')).toBe(2))
    const last = made({ encrypt: true, store })
    await mona.visit(last.sessions, (session) => expect(session.get('n')).toBe(2))
    expect(last.events).toEqual([])
  })

  test("a user's devices are listed and ended as before", async () => {
    const store = memoryStore({ clock: () => T0 })
    const sessions = createSessions({ secret: SECRET, encrypt: true, store, clock: () => T0 })
    const mona = browser()
    await mona.visit(sessions, (session) => {
      session.label = 'a phone'
      session.login('mona')
    })
    const [listed] = await sessions.list('mona')
    expect(listed).toMatchObject({ label: 'a phone' })
    expect(await sessions.revoke('mona', listed!.handle)).toBe(true)
    expect((await sessions.open(mona.cookie)).userId).toBeUndefined()
  })
})

describe('the option', () => {
  test.each([
    [5, /true, false or an object|has to be an object/],
    ['yes', /has to be/],
    [null, /has to be/],
    [[], /has to be an object/],
    [{}, /migrateUntil/],
    [{ until: 1 }, /until/],
    [{ migrateUntil: '1/2/2027' }, /such as '2027-03-01'/],
    [{ migrateUntil: '2027-13-01' }, /such as/],
    [{ migrateUntil: 1_800_000_000_000 }, /such as/],
    [{ migrateUntil: new Date(Number.NaN) }, /such as/],
  ])('%j is refused at start-up', (encrypt, message) => {
    expect(() => made({ encrypt: encrypt as true })).toThrow(
      expect.objectContaining({
        code: 'ERR_OPTION_INVALID',
        message: expect.stringMatching(message),
      }),
    )
  })

  test('an audience keeps apps apart that share a secret', async () => {
    for (const encrypt of [true, false]) {
      const visitor = browser()
      const shop = made({ encrypt, audience: 'shop' })
      await visitor.visit(shop.sessions, (session) => session.set('a', 1))
      expect((await shop.sessions.open(visitor.cookie)).size).toBe(1)
      for (const audience of ['', 'admin', 'sho']) {
        const { sessions } = made({ encrypt, audience })
        expect((await sessions.open(visitor.cookie)).size).toBe(0)
      }
    }
    for (const audience of [5 as never, null as never, '\ud800']) {
      expect(() => made({ audience })).toThrow(/audience/)
    }
  })

  test("neither goes with Flask's preset", () => {
    for (const option of [{ encrypt: true }, { audience: 'shop' }]) {
      expect(() => createSessions({ ...flask({ SECRET_KEY: SECRET }), ...option })).toThrow(
        expect.objectContaining({ code: 'ERR_OPTION_INVALID' }),
      )
    }
  })
})

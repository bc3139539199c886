/** Data of an older version of the app is migrated when it is opened, and saved with the next change. */

import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { flask } from '../../../src/flask/flask.ts'
import { createSessions, type Migrate, type SessionOptions } from '../../../src/index.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { T0, testSessions, Visitor } from '../visitor.ts'
import { places } from './schemas.ts'

const invalidData = expect.objectContaining({ code: 'ERR_DATA_INVALID' })

/** Counts its calls, by the version that it was given. */
function recording(migrate: Migrate) {
  const calls: number[] = []
  const recorded: Migrate = (data, version) => {
    calls.push(version)
    return migrate(data, version)
  }
  return { calls, migrate: recorded }
}

/** Version 0 has `name`, version 1 has `username`, version 2 has `user.name`. */
const toTwo: Migrate = (data, version) => {
  const username = version < 1 ? data.name : data.username
  const { name: _name, username: _username, ...others } = data
  return { ...others, user: { name: username } }
}
const TWO = { user: z.object({ name: z.string() }), visits: z.number() }

describe.each(places)('%s', (_, place) => {
  /** One visitor at several versions of one app. */
  function versions(...apps: Partial<SessionOptions>[]) {
    let cookie: string | undefined
    return apps.map((options) => {
      const site = testSessions({ ...common, ...options })
      return {
        events: site.events,
        clock: site.clock,
        async visit(work: Parameters<Visitor['visit']>[0]) {
          const visitor = new Visitor(site.sessions, cookie)
          const answer = await visitor.visit(work)
          cookie = visitor.cookie
          return answer
        },
        read: (look: (session: any) => unknown) => new Visitor(site.sessions, cookie).read(look),
      }
    })
  }
  const common = place()
  const all = (session: any) => Object.fromEntries(session)

  test('migrate is given the data and the version that wrote it, 0 where it had none', async () => {
    const { calls, migrate } = recording(toTwo)
    const [zero, one, two] = versions({}, { version: 1 }, { version: 2, migrate, schema: TWO })
    await zero!.visit((session) => session.set('name', 'ada'))
    expect(await two!.read(all)).toEqual({ user: { name: 'ada' } })
    await zero!.visit((session) => session.clear())
    await one!.visit((session) => session.set('username', 'grace'))
    expect(await two!.read(all)).toEqual({ user: { name: 'grace' } })
    expect(calls).toEqual([0, 1])
  })

  test('a read stores nothing; the next change saves the migrated data, which is not migrated again', async () => {
    const { calls, migrate } = recording(toTwo)
    const [zero, two] = versions({}, { version: 2, migrate, schema: TWO })
    await zero!.visit((session) => session.set('name', 'ada'))
    expect((await two!.visit((session) => session.get('user'))).setCookie).toBeUndefined()
    expect(await zero!.read(all)).toEqual({ name: 'ada' })
    await two!.visit((session) => session.set('visits', 1))
    expect(await zero!.read(all)).toEqual({ user: { name: 'ada' }, visits: 1 })
    calls.length = 0
    expect(await two!.read(all)).toEqual({ user: { name: 'ada' }, visits: 1 })
    expect(calls).toEqual([])
  })

  test('who is signed in, messages and a session without data are not migrated', async () => {
    const { calls, migrate } = recording(toTwo)
    const [zero, two] = versions({}, { version: 2, migrate })
    await zero!.visit((session) => {
      session.login('ada')
      session.flash('hello')
    })
    await two!.visit((session) => {
      expect(session.userId).toBe('ada')
      expect(session.flashes()).toHaveLength(1)
    })
    expect(calls).toEqual([])
  })

  test('an older version reads what it can of a newer one, and never lowers the number', async () => {
    const { calls, migrate } = recording(toTwo)
    const ONE = { username: z.string(), visits: z.number(), user: z.string() }
    const [one, two] = versions(
      { version: 1, schema: ONE, migrate: () => ({}) },
      { version: 2, migrate, schema: TWO },
    )
    await two!.visit((session) => session.set('user', { name: 'ada' }).set('visits', 1))
    await one!.visit((session) => {
      expect(all(session)).toEqual({ visits: 1 })
      session.update('visits', (visits: number) => visits + 1)
    })
    expect(await two!.read(all)).toEqual({ user: { name: 'ada' }, visits: 2 })
    expect(calls).toEqual([])
  })

  test('nor does logout({ keep }) lower it: what is kept is not migrated again', async () => {
    const { calls, migrate } = recording(toTwo)
    const [zero, one, two] = versions({}, { version: 1 }, { version: 2, migrate, schema: TWO })
    for (const older of [zero!, one!]) {
      await two!.visit((session) => {
        session.login('ada')
        session.set('user', { name: 'ada' })
      })
      await older.visit((session) => session.logout({ keep: ['user'] }))
      expect(await two!.read(all)).toEqual({ user: { name: 'ada' } })
      expect(calls).toEqual([])
    }
  })

  test('what an older version writes after logout() without keep has its own number', async () => {
    const { calls, migrate } = recording(toTwo)
    const [one, two] = versions({ version: 1 }, { version: 2, migrate, schema: TWO })
    await two!.visit((session) => session.set('user', { name: 'ada' }))
    await one!.visit((session) => {
      session.logout()
      session.set('username', 'grace')
    })
    expect(await two!.read(all)).toEqual({ user: { name: 'grace' } })
    expect(calls).toEqual([1])
  })

  test.each<[string, Migrate]>([
    [
      'throws',
      () => {
        throw new Error('What is this?')
      },
    ],
    ['returns no object', () => undefined as never],
    ['returns a list', () => [] as never],
    ['returns what cannot be stored', () => ({ user: () => 'ada' })],
  ])('if migrate %s, the data is dropped, and an event tells', async (_how, migrate) => {
    const [zero, two] = versions({}, { version: 2, migrate, schema: TWO })
    await zero!.visit((session) => {
      session.login('ada')
      session.set('name', 'ada')
    })
    await two!.visit((session) => {
      expect(all(session)).toEqual({})
      expect(session.userId).toBe('ada')
    })
    expect(two!.events).toContainEqual({ type: 'invalid-data', why: 'migrate() failed' })
    expect(await zero!.read(all)).toEqual({ name: 'ada' })
  })

  test('data that could not be migrated survives visits that only renew the session', async () => {
    const fails = () => {
      throw new Error('What is this?')
    }
    const [zero, two] = versions(
      {},
      { version: 2, migrate: fails, ...('store' in common ? { rotate: '1m' as const } : {}) },
    )
    await zero!.visit((session) => session.set('name', 'ada'))
    for (const site of [zero!, two!]) site.clock.now += 10 * 24 * 3_600_000
    expect((await two!.visit((session) => session.get('name'))).setCookie).toBeDefined()
    expect(await zero!.read(all)).toEqual({ name: 'ada' })
    await two!.visit((session) => session.set('visits', 1))
    expect(await zero!.read(all)).toEqual({ visits: 1 })
  })

  test("with onInvalid: 'error' opening throws, nothing is lost, and a mended migrate finds it", async () => {
    const [zero, broken, mended] = versions(
      {},
      { version: 2, migrate: (data) => ({ user: data.no.name }), onInvalid: 'error' },
      { version: 2, migrate: toTwo },
    )
    await zero!.visit((session) => session.set('name', 'ada'))
    await expect(broken!.visit(() => {})).rejects.toEqual(invalidData)
    await expect(broken!.read(all)).rejects.toMatchObject({ cause: expect.any(TypeError) })
    expect(await mended!.read(all)).toEqual({ user: { name: 'ada' } })
  })

  test('a migrate that returns a promise throws a coded error, and nothing is lost', async () => {
    const migrate = (async () => ({})) as never
    const [zero, two] = versions({}, { version: 2, migrate })
    await zero!.visit((session) => session.set('name', 'ada'))
    await expect(two!.read(all)).rejects.toMatchObject({ code: 'ERR_SCHEMA_ASYNC' })
    expect(await zero!.read(all)).toEqual({ name: 'ada' })
  })

  test('a number beyond what a version can be, and a key named __proto__, do no harm', async () => {
    const [zero, two] = versions({}, { version: 2, migrate: (data) => data })
    await zero!.visit((session) => session.set('__proto__', { admin: true }).set('a', 1))
    expect(await two!.read((session) => [...session.keys()])).toEqual(['__proto__', 'a'])
    expect(await two!.read((session) => session.get('admin'))).toBeUndefined()
  })
})

test('without a version a session has not one byte more', async () => {
  const site = (options: Partial<SessionOptions>) => new Visitor(testSessions(options).sessions)
  const [plain, checked, numbered] = [{}, { schema: TWO }, { schema: TWO, version: 2 }].map(site)
  const lengths = await Promise.all(
    [plain!, checked!, numbered!].map(async (visitor) => {
      await visitor.visit((session) => session.set('visits', 1))
      return visitor.cookie!.length
    }),
  )
  expect(lengths[1]).toBe(lengths[0])
  expect(lengths[2]).toBeGreaterThan(lengths[0]!)
})

test('a change that meets a newer row of an older version is made on the migrated data', async () => {
  const store = memoryStore({ clock: () => T0 })
  const old = new Visitor(testSessions({ store }).sessions)
  await old.visit((session) => session.set('name', 'ada'))
  const { calls, migrate } = recording(toTwo)
  const { sessions } = testSessions({ store, version: 2, migrate, schema: TWO })
  const session = await sessions.open(old.cookie)
  session.update('user', (user) => ({ name: `${user.name} l` }))
  await old.visit((other) => other.set('name', 'grace'))
  await session.commit()
  expect(calls).toEqual([0, 0])
  expect((await sessions.open(old.cookie)).get('user')).toEqual({ name: 'grace l' })
})

test("a newer row that cannot be migrated fails the commit with onInvalid: 'error', and is left as it is", async () => {
  const store = memoryStore({ clock: () => T0 })
  const old = new Visitor(testSessions({ store }).sessions)
  await old.visit((session) => session.set('name', 'ada'))
  const migrate: Migrate = ({ name }) => ({ user: { name: name.trim() } })
  const { sessions } = testSessions({ store, version: 2, migrate, onInvalid: 'error' })
  const session = await sessions.open(old.cookie)
  session.set('visits', 1)
  await old.visit((other) => other.set('name', 7))
  await expect(session.commit()).rejects.toEqual(invalidData)
  await expect(session.reload()).rejects.toEqual(invalidData)
  expect(await old.read((other) => Object.fromEntries(other))).toEqual({ name: 7 })
})

test('sessions with data that cannot be migrated are listed and revoked all the same', async () => {
  const store = memoryStore({ clock: () => T0 })
  const old = new Visitor(testSessions({ store }).sessions)
  await old.visit((session) => {
    session.login('ada')
    session.set('name', 'ada')
  })
  const migrate = () => {
    throw new Error('What is this?')
  }
  const { sessions } = testSessions({ store, version: 2, migrate, onInvalid: 'error' })
  const stored = sessions as ReturnType<typeof createSessions> & {
    list(user: string): Promise<unknown[]>
    revokeUser(user: string): Promise<unknown>
  }
  expect(await stored.list('ada')).toHaveLength(1)
  expect(await stored.revokeUser('ada')).toMatchObject({ ended: 1 })
  expect(await old.read((session) => session.userId)).toBeUndefined()
})

test('Flask’s cookie has no place for a version: it is refused at start-up', () => {
  const options = flask({ SECRET_KEY: 'migration-test-4d90b7' })
  expect(() => createSessions({ ...options, version: 1 })).toThrow(/"version" cannot be combined/)
})

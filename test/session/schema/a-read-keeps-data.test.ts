/** Reading a value whose schema returns another one leaves the stored value as it is. */

import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { flask, flaskCookie } from '../../../src/flask/flask.ts'
import { createSessions, type StandardSchema } from '../../../src/index.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { T0 } from '../visitor.ts'
import { afterDeploy, places } from './schemas.ts'

/** What a newer version of the app has stored; the older one knows no `age`. */
const NEWER = { user: { name: 'ada', age: 36 }, theme: 'dim', n: 0 }
const OLDER = {
  user: z.object({ name: z.string() }),
  theme: z.enum(['light', 'dark']).catch('light'),
  n: z.number(),
}

/** A library whose check changes the value itself, and returns it. */
const stripping: StandardSchema = {
  '~standard': {
    version: 1,
    vendor: 'app',
    validate(value: any) {
      delete value.age
      return value.name === 'ada' ? { value } : { issues: [{ message: 'no' }] }
    },
  },
}

describe.each(places)('%s', (_, place) => {
  const all = (session: any) => Object.fromEntries(session)

  test.each<[string, (session: any) => unknown]>([
    ['get', (session) => [session.get('user'), session.get('theme')]],
    ['has', (session) => [session.has('user'), session.has('theme')]],
    ['size', (session) => session.size],
    ['the iterators', (session) => [...session]],
  ])('%s does not delete what the schema leaves out, whatever else changes', async (_how, read) => {
    const { old, visitor } = await afterDeploy(NEWER, { schema: OLDER }, place())
    for (const n of [1, 2]) {
      await visitor.visit(async (session) => {
        read(session)
        session.set('n', n)
        await session.commit()
        read(session)
        session.flash('hello')
      })
      old.cookie = visitor.cookie ?? old.cookie
      expect(await old.read(all)).toEqual({ ...NEWER, n })
    }
  })

  test('nor does a schema that changes the value itself', async () => {
    const before = { user: NEWER.user, other: { name: 'eve', age: 1 }, n: 0 }
    const schema = { user: stripping, other: stripping, n: z.number() }
    const { old, visitor } = await afterDeploy(before, { schema }, place())
    await visitor.visit((session) => {
      expect(all(session)).toEqual({ user: { name: 'ada' }, n: 0 })
      session.set('n', 1)
    })
    old.cookie = visitor.cookie ?? old.cookie
    expect(await old.read(all)).toEqual({ ...before, n: 1 })
  })

  test('the app sees what its schema returns, in an updater too, and what it changes is saved', async () => {
    const { old, visitor } = await afterDeploy(NEWER, { schema: OLDER }, place())
    const seen: unknown[] = []
    await visitor.visit(async (session) => {
      const user = session.get('user')
      expect(user).toEqual({ name: 'ada' })
      expect(session.get('theme')).toBe('light')
      session.set('n', 1)
      await session.commit()
      expect(session.get('user')).toBe(user)
      user.name = 'grace'
      session.update('theme', (theme: string) => (seen.push(theme), 'dark'))
    })
    expect(new Set(seen)).toEqual(new Set(['light']))
    old.cookie = visitor.cookie ?? old.cookie
    expect(await old.read(all)).toEqual({ user: { name: 'grace' }, theme: 'dark', n: 1 })
  })

  test("a value that was refused with onInvalid: 'error' does not disturb the rest of the request", async () => {
    const schema = { bad: z.number(), list: z.array(z.number()), n: z.number() }
    const before = { bad: 'text', list: [1] }
    const { old, visitor, events } = await afterDeploy(
      before,
      { schema, onInvalid: 'error' },
      place(),
    )
    await visitor.visit(async (session) => {
      expect(() => session.get('bad')).toThrow(
        expect.objectContaining({ code: 'ERR_DATA_INVALID' }),
      )
      await session.reload()
      const list = session.get('list')
      session.set('n', 1)
      await session.commit()
      list.push(2)
      await session.commit()
      expect(() => session.get('bad')).toThrow(
        expect.objectContaining({ code: 'ERR_DATA_INVALID' }),
      )
    })
    expect(events.filter(({ type }) => type === 'invalid-data')).toHaveLength(1)
    old.cookie = visitor.cookie ?? old.cookie
    expect(await old.read(all)).toEqual({ bad: 'text', list: [1, 2], n: 1 })
  })
})

test('a change inside an object is saved where another request has made the value invalid, and an event tells', async () => {
  const store = memoryStore({ clock: () => T0 })
  const options = { schema: { user: OLDER.user }, onInvalid: 'error' as const }
  const { old, visitor, events } = await afterDeploy(NEWER, options, { store })
  const session = await visitor.sessions.open(visitor.cookie)
  session.get('user').name = 'grace'
  await old.visit((other) => other.set('user', 7))
  await session.commit()
  expect(await old.read((other) => other.get('user'))).toEqual({ name: 'grace' })
  expect(events).toContainEqual(expect.objectContaining({ type: 'overwrote' }))
})

test('in Flask’s cookie the schema of a key such as _user_id does not change who is signed in', async () => {
  const secret = 'a-read-keeps-data-4d90b7c1'
  const schema = { _user_id: z.coerce.number(), n: z.number() }
  const sessions = createSessions({ ...flask({ SECRET_KEY: secret }), schema })
  const cookie = `session=${flaskCookie({ secret }).seal({ _user_id: '07' })}`
  const session = await sessions.open(cookie)
  expect([session.userId, session.get('_user_id'), session.userId]).toEqual(['07', 7, '07'])
  const [line] = (await session.set('n', 1).commit()).getSetCookie()
  const opened = flaskCookie({ secret }).open(/session=([^;]+)/.exec(line!)![1]!)
  expect(opened).toMatchObject({ data: { _user_id: '07', n: 1 } })
})

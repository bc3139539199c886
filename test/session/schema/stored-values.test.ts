/** What happens to stored values that the schema refuses: another version of the app wrote them. */

import { inspect } from 'node:util'
import { type } from 'arktype'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { flask, flaskCookie, float } from '../../../src/flask/flask.ts'
import { createSessions, type StandardSchema } from '../../../src/index.ts'
import { SECRET } from '../visitor.ts'
import { afterDeploy, libraries, places } from './schemas.ts'

afterEach(() => void vi.unstubAllEnvs())

const invalidData = expect.objectContaining({ code: 'ERR_DATA_INVALID' })

const STORED = { username: 'ada', visits: 'three', cart: [{ item: 'tea' }], former: 1 }

describe.each(places)('%s', (_, place) => {
  describe.each(libraries)('with %s', (_library, schema) => {
    test('an invalid value is as if it did not exist, and is told once; the others are read', async () => {
      const { visitor, events } = await afterDeploy(STORED, { schema }, place())
      const seen = await visitor.read((session) => ({
        visits: [session.get('visits'), session.get('visits', 0), session.has('visits')],
        cart: session.get('cart'),
        keys: [...session.keys()],
        size: session.size,
      }))
      expect(seen).toEqual({
        visits: [undefined, 0, false],
        cart: undefined,
        keys: ['username'],
        size: 1,
      })
      expect(events).toEqual([
        {
          type: 'invalid-data',
          key: 'visits',
          why: expect.stringMatching(/^visits: expected (a )?number$/),
        },
        {
          type: 'invalid-data',
          key: 'cart',
          why: expect.stringMatching(/^cart\[0\]\.price: expected (a )?("price"|number)/),
        },
      ])
    })
  })

  const { 1: schema } = libraries[0]

  test('reading writes nothing, and another change keeps the value for the version that wrote it', async () => {
    const { old, visitor } = await afterDeploy(STORED, { schema }, place())
    expect((await visitor.visit((session) => session.get('visits'))).setCookie).toBeUndefined()
    await visitor.visit((session) => session.set('username', 'grace'))
    if (visitor.cookie) old.cookie = visitor.cookie
    expect(await old.read((session) => Object.fromEntries(session))).toEqual({
      ...STORED,
      username: 'grace',
    })
  })

  test('a value that is set replaces the invalid one, and delete() removes it', async () => {
    const { old, visitor } = await afterDeploy(STORED, { schema }, place())
    await visitor.visit((session) => {
      session.update('visits', (visits) => (visits ?? 0) + 1)
      expect(session.delete('cart')).toBe(true)
    })
    expect(await visitor.read((session) => session.get('visits'))).toBe(1)
    old.cookie = visitor.cookie
    expect(await old.read((session) => [...session.keys()])).toEqual([
      'username',
      'visits',
      'former',
    ])
  })

  test("with onInvalid: 'error' the call that reads the value throws, and the rest of the session works", async () => {
    const { visitor, events } = await afterDeploy(STORED, { schema, onInvalid: 'error' }, place())
    await visitor.visit((session) => {
      expect(() => session.get('visits')).toThrow(invalidData)
      expect(() => session.get('visits')).toThrow(/"visits" is invalid: visits: expected number\./)
      expect(() => session.has('visits')).toThrow(invalidData)
      expect(() => session.update('visits', () => 1)).toThrow(invalidData)
      expect(() => [...session.keys()]).toThrow(invalidData)
      expect(session.get('username')).toBe('ada')
      session.login('ada')
      session.set('visits', 1)
      expect(session.get('visits')).toBe(1)
    })
    expect(events.filter(({ type }) => type === 'invalid-data')).toHaveLength(1)
    expect(await visitor.read((session) => session.get('visits'))).toBe(1)
  })

  test('what a schema adds is read from the first request on, and saved with the next change of the value', async () => {
    const withSize = { cart: z.object({ size: z.number().default(0) }), visits: z.number() }
    const before = { cart: { items: 1 }, visits: 1 }
    const { old, visitor } = await afterDeploy(before, { schema: withSize }, place())
    const { setCookie } = await visitor.visit((session) => {
      expect(session.get('cart')).toEqual({ size: 0 })
      expect(session.get('cart')).toBe(session.get('cart'))
    })
    expect(setCookie).toBeUndefined()
    await visitor.visit(async (session) => {
      const cart = session.get('cart')
      session.set('visits', 2)
      await session.commit()
      cart.size = 5
    })
    old.cookie = visitor.cookie ?? old.cookie
    expect(await old.read((session) => session.get('cart'))).toEqual({ size: 5 })
  })

  test.each([
    ['before a commit', 1, 0],
    ['after it', 0, 2],
    ['before and after it', 1, 2],
  ])(
    'an object that the schema has filled in can be changed inside %s',
    async (_when, before, after) => {
      const filled = { cart: z.object({ size: z.number().default(0) }), visits: z.number() }
      const { visitor, events } = await afterDeploy({ cart: {} }, { schema: filled }, place())
      await visitor.visit(async (session) => {
        session.set('visits', 1)
        const cart = session.get('cart')
        if (before) cart.size = before
        await session.commit()
        if (after) cart.size = after
      })
      expect(await visitor.read((session) => session.get('cart'))).toEqual({
        size: after || before,
      })
      expect(events).toEqual([])
    },
  )

  test('printing a session throws nothing, whatever it holds', async () => {
    const { visitor } = await afterDeploy(STORED, { schema, onInvalid: 'error' }, place())
    expect(await visitor.read((session) => inspect(session))).toContain('visits')
  })

  test('a schema that turns what it refuses into undefined drops it silently', async () => {
    const { visitor, events } = await afterDeploy(
      STORED,
      { schema: { visits: z.number().optional().catch(undefined) }, onInvalid: 'error' },
      place(),
    )
    expect(await visitor.read((session) => session.get('visits', 0))).toBe(0)
    expect(events).toEqual([])
  })

  test('a check of the app that fails on an old value refuses it', async () => {
    const cart: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'app',
        validate: (value: any) => (value.items.length > 0 ? { value } : { issues: [] }),
      },
    }
    const { visitor, events } = await afterDeploy({ cart: [] }, { schema: { cart } }, place())
    expect(await visitor.read((session) => session.get('cart'))).toBeUndefined()
    expect(events).toEqual([{ type: 'invalid-data', key: 'cart', why: 'cart: invalid' }])
    await visitor.visit((session) => {
      expect(() => session.set('cart', { items: [] })).toThrow(/cart: invalid/)
      expect(() => session.set('cart', [])).toThrow(TypeError)
    })
  })

  test('an async schema throws a coded error for a stored value, too', async () => {
    const name = z.string().refine(async () => true)
    const { visitor } = await afterDeploy({ name: 'x' }, { schema: { name } }, place())
    expect(() => visitor.sessions).not.toThrow()
    await expect(visitor.read((session) => session.get('name'))).rejects.toMatchObject({
      code: 'ERR_SCHEMA_ASYNC',
    })
  })

  test('keys of logout({ keep }) are kept as they are stored', async () => {
    const { old, visitor } = await afterDeploy(STORED, { schema }, place())
    await visitor.visit((session) => session.logout({ keep: ['cart', 'username'] }))
    old.cookie = visitor.cookie
    expect(await old.read((session) => session.get('cart'))).toEqual(STORED.cart)
  })
})

test('a concurrent request of another version cannot make an updater see what the schema refuses', async () => {
  const [, stored] = places[1]
  const { old, visitor } = await afterDeploy(
    { visits: 1 },
    { schema: { visits: z.number() } },
    stored(),
  )
  const seen: unknown[] = []
  const session = await visitor.sessions.open(visitor.cookie)
  session.update('visits', (visits: number = 100) => (seen.push(visits), visits + 1))
  await old.visit((other) => other.set('visits', 'many'))
  await session.commit()
  expect(new Set(seen)).toEqual(new Set([1, 100]))
  expect(await visitor.read((next) => next.get('visits'))).toBe(101)
})

test('in Flask’s cookie only the keys of the schema are seen, and Python’s others are kept', async () => {
  const secret = 'stored-values-4d90b7c1'
  const sessions = createSessions({
    ...flask({ SECRET_KEY: secret }),
    schema: { visits: z.number(), name: z.string() },
  })
  const cookie = `session=${flaskCookie({ secret }).seal({ visits: 1, name: 7, python: [1] })}`
  const session = await sessions.open(cookie)
  expect(Object.fromEntries(session)).toEqual({ visits: 1 })
  session.login('ada')
  session.flash('hello')
  const [line] = (await session.set('visits', 2).commit()).getSetCookie()
  const opened = flaskCookie({ secret }).open(/session=([^;]+)/.exec(line!)![1]!)
  expect(opened).toMatchObject({ data: { visits: 2, name: 7, python: [1], _user_id: 'ada' } })
})

test('a value that Python spells differently is saved as Python has written it', async () => {
  const secret = 'stored-values-4d90b7c1'
  const site = createSessions({
    ...flask({ SECRET_KEY: secret }),
    schema: {
      visits: z.number(),
      price: z.number(),
      list: type('number[]'),
      copy: z.array(z.number()),
    },
  })
  const cookie = `session=${flaskCookie({ secret }).seal({ copy: [float(2)], list: [float(1)], price: float(3) })}`
  const session = await site.open(cookie)
  expect(Object.fromEntries(session)).toEqual({ copy: [2], list: [1], price: 3 })
  const [line] = (await session.set('visits', 2).commit()).getSetCookie()
  const [payload] = line!.slice('session='.length).split('.')
  expect(Buffer.from(payload!, 'base64url').toString()).toBe(
    '{"copy":[2.0],"list":[1.0],"price":3.0,"visits":2}',
  )
})

test('in production without a listener a line on the console tells of it', async () => {
  vi.stubEnv('NODE_ENV', 'production')
  const print = vi.spyOn(console, 'error').mockImplementation(() => {})
  const secret = SECRET
  const [line] = (
    await (await createSessions({ secret }).open('')).set('visits', 'x').commit()
  ).getSetCookie()
  const sessions = createSessions({ secret, schema: { visits: z.number() } })
  expect((await sessions.open(line!.split(';')[0])).get('visits')).toBeUndefined()
  expect(print.mock.calls).toEqual([
    [expect.stringContaining('could not be read: ERR_DATA_INVALID, visits.')],
  ])
  print.mockRestore()
})

/** What a schema says of a value that is written: at the call that is wrong, and without the value. */

import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createSessions } from '../../../src/index.ts'
import { SECRET, testSessions, Visitor } from '../visitor.ts'
import { libraries, places } from './schemas.ts'

const invalid = expect.objectContaining({ code: 'ERR_VALUE_INVALID' })
const PRIVATE = 'ada-lovelace-1815'

function thrownBy(act: () => unknown): Error & { issues?: readonly { message: string }[] } {
  try {
    act()
  } catch (error) {
    return error as Error
  }
  throw new Error('Nothing was thrown.')
}

describe.each(libraries)('with %s', (_, schema) => {
  const open = () => testSessions({ schema }).sessions.open(undefined)

  test('a session saves and returns what the schema accepts', async () => {
    const visitor = new Visitor(testSessions({ schema }).sessions)
    const cart = [{ item: 'tea', price: 3 }]
    await visitor.visit((session) => {
      session.set('username', 'ada').set('cart', cart).set('seen', new Date(5))
      expect(session.update('visits', (visits = 0) => visits + 1)).toBe(1)
      expect(session.getOrInsert('visits', 7)).toBe(1)
      expect(session.get('cart')).toBe(cart)
    })
    expect(await visitor.read((session) => Object.fromEntries(session))).toEqual({
      username: 'ada',
      cart,
      seen: new Date(5),
      visits: 1,
    })
  })

  test.each([
    ['set', (session: any) => session.set('visits', PRIVATE)],
    ['getOrInsert', (session: any) => session.getOrInsert('visits', PRIVATE)],
    ['update', (session: any) => session.update('visits', () => PRIVATE)],
  ])('%s throws at once for what it refuses, and nothing has changed', async (_call, act) => {
    const session = await open()
    const error = thrownBy(() => act(session))
    expect(error).toEqual(invalid)
    expect(error.message).toMatch(/"visits": visits: expected (a )?number\./)
    expect(error.stack).toContain('written-values.test.ts')
    expect(session.has('visits')).toBe(false)
    expect((await session.commit()).getSetCookie()).toEqual([])
  })

  test('the error names the place and the rule, and its text holds no value', async () => {
    const session = await open()
    const error = thrownBy(() =>
      session.set('cart', [
        { item: 'tea', price: 3 },
        { item: PRIVATE, price: PRIVATE },
      ]),
    )
    expect(error.message).toMatch(/"cart": cart\[1\]\.price: expected (a )?number\./)
    expect(error.message).not.toContain(PRIVATE)
    expect(error.issues).toHaveLength(1)
    expect(Object.getOwnPropertyNames(error)).not.toContain('issues')
    const long = thrownBy(() => session.set('username', PRIVATE.repeat(4)))
    expect(long.message).toMatch(/"username": username: (too_small|too_big|expected .*40)\./)
    expect(long.message).not.toContain(PRIVATE)
  })

  test('a key that the schema does not have is a misspelling, and is refused', async () => {
    const session = await open()
    expect(() => session.set('vists', 1)).toThrow(/"vists": it has no such key/)
    expect(() => session.update('__proto__', () => 1)).toThrow(invalid)
    expect(session.get('toString')).toBeUndefined()
  })

  test('a change inside a value is checked when the request ends', async () => {
    const session = await open()
    const cart = [{ item: 'tea', price: 3 as unknown }]
    session.set('cart', cart)
    cart[0]!.price = PRIVATE
    await expect(session.commit()).rejects.toEqual(invalid)
    cart[0]!.price = 4
    expect((await session.commit()).getSetCookie()).toHaveLength(1)
    expect(session.get('cart')).toEqual([{ item: 'tea', price: 4 }])
  })

  test('what the app changes in its own object after set() is saved', async () => {
    const visitor = new Visitor(testSessions({ schema }).sessions)
    await visitor.visit((session) => {
      const cart = [{ item: 'tea', price: 3 }]
      session.set('cart', cart)
      cart.push({ item: 'lamp', price: 20 })
    })
    expect(await visitor.read((session) => session.get('cart').length)).toBe(2)
  })
})

describe('a schema that returns another value', () => {
  const schema = {
    name: z.string().trim().toLowerCase(),
    settings: z.object({ theme: z.string().default('light'), size: z.coerce.number() }),
    length: z.string().transform((text) => text.length),
    next: z.number().transform((n) => n + 1),
    shouted: z.string().transform((text) => `${text}!`),
  }

  test('is what the session holds: the value that it returned, at once and later', async () => {
    const visitor = new Visitor(testSessions({ schema }).sessions)
    await visitor.visit((session) => {
      session.set('name', ' Ada ').set('settings', { size: '3', other: () => 'left out' })
      expect(session.get('name')).toBe('ada')
      expect(session.get('settings')).toEqual({ theme: 'light', size: 3 })
      expect(session.update('name', (name: string) => `${name} L `)).toBe('ada l')
      session.get('settings').size = 4
    })
    expect(await visitor.read((session) => Object.fromEntries(session))).toEqual({
      name: 'ada l',
      settings: { theme: 'light', size: 4 },
    })
  })

  test.each([
    ['length', 'ada'],
    ['next', 1],
    ['shouted', 'ada'],
  ])('and would not accept it again is refused: %s', async (key, value) => {
    const session = await testSessions({ schema }).sessions.open(undefined)
    expect(() => session.set(key, value)).toThrow(/it does not accept what it returns/)
  })
})

describe('an async schema', () => {
  test.each([
    ['zod', z.string().refine(async () => true), 'x'],
    [
      'valibot',
      {
        '~standard': v.pipeAsync(
          v.string(),
          v.checkAsync(async () => false),
        )['~standard'],
      },
      'x',
    ],
    [
      'a promise that is rejected',
      {
        '~standard': {
          version: 1 as const,
          vendor: 'app',
          validate: () => Promise.reject(new Error('later')),
        },
      },
      'x',
    ],
  ])('throws a coded error at its first value: %s', async (_, one, value) => {
    const { sessions } = testSessions({ schema: { name: one } })
    const session = await sessions.open(undefined)
    expect(() => session.set('name', value)).toThrow(
      expect.objectContaining({ code: 'ERR_SCHEMA_ASYNC' }),
    )
  })

  test('of arktype returns a promise as the value, and throws as well', async () => {
    const { type } = await import('arktype')
    const schema = { name: type('string').pipe(async (text: string) => text) }
    const session = await testSessions({ schema }).sessions.open(undefined)
    expect(() => session.set('name', 'x')).toThrow(
      expect.objectContaining({ code: 'ERR_SCHEMA_ASYNC' }),
    )
  })

  test('of valibot, which marks it, is refused at start-up', () => {
    const name = v.pipeAsync(
      v.string(),
      v.checkAsync(async () => true),
    )
    expect(() => createSessions({ secret: SECRET, schema: { name } })).toThrow(/schema\.name/)
  })
})

test.each([
  [{ schema: z.object({}) }, 'schema'],
  [{ schema: { visits: Number } }, 'schema.visits'],
  [{ schema: [] }, 'schema'],
  [{ schema: { visits: null } }, 'schema.visits'],
  [{ onInvalid: 'ignore' }, 'onInvalid'],
  [{ version: 0 }, 'version'],
  [{ version: '2' }, 'version'],
  [{ migrate: () => ({}) }, 'migrate'],
  [{ migrate: {}, version: 2 }, 'migrate'],
])('a wrong option is refused at start-up: %j', (options, name) => {
  expect(() => createSessions({ secret: SECRET, ...(options as object) })).toThrow(`"${name}`)
})

test.each(places)(
  '%s, parallel requests never write what the schema refuses',
  async (_, options) => {
    const schema = { stock: z.number().min(0) }
    const { sessions } = testSessions({ ...options(), schema })
    const visitor = new Visitor(sessions)
    await visitor.visit((session) => session.set('stock', 3))
    const requests = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const session = await sessions.open(visitor.cookie)
        session.update('stock', (stock = 0) => stock - 1)
        return session
      }),
    )
    const outcomes = await Promise.allSettled(requests.map((session) => session.commit()))
    const failed = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
    const isStored = 'store' in options()
    // In a cookie each request only knows its own.
    expect(failed).toEqual(isStored ? [invalid, invalid] : [])
    const stock = (await sessions.open(visitor.cookie)).get('stock')
    expect(stock).toBe(isStored ? 0 : 3)
  },
)

/** An error shows the names in a path that the schema itself has, and none that came with the value. */

import { inspect } from 'node:util'
import { type } from 'arktype'
import * as v from 'valibot'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { z as mini } from 'zod/mini'
import { z as three } from 'zod/v3'
import type { StandardSchema } from '../../../src/index.ts'
import { testSessions } from '../visitor.ts'
import { afterDeploy, places } from './schemas.ts'

afterEach(() => void vi.restoreAllMocks())

/** Somebody's input: as the key of a member, and as that of a map. */
const CANARY = 'canary4111'
const NUMBER = 4_111_222_333

const price = { price: 'free' }
const known: [string, StandardSchema, unknown, string][] = [
  ['zod', z.object({ a: z.array(z.object({ b: z.number() })) }), { a: [{ b: '' }] }, 'a[0].b'],
  ['zod optional', z.object({ price: z.number().optional() }).nullable(), price, 'price'],
  ['zod pipe', z.object({ price: z.number() }).transform((one) => one), price, 'price'],
  ['zod default', z.object({ price: z.number() }).default({ price: 1 }), price, 'price'],
  [
    'zod both',
    z.object({ a: z.string() }).and(z.object({ price: z.number() })),
    { a: '', ...price },
    'price',
  ],
  [
    'zod record',
    z.record(z.string(), z.object({ price: z.number() })),
    { [CANARY]: price },
    '*.price',
  ],
  [
    'zod variants',
    z.discriminatedUnion('kind', [z.object({ kind: z.literal('a'), price: z.number() })]),
    { kind: 'a', ...price },
    'price',
  ],
  ['zod/mini', mini.optional(mini.object({ price: mini.number() })), price, 'price'],
  ['zod/v3', three.array(three.object({ price: three.number().optional() })), [price], '[0].price'],
  ['valibot', v.object({ a: v.array(v.object({ b: v.number() })) }), { a: [{ b: '' }] }, 'a[0].b'],
  ['valibot optional', v.optional(v.object({ price: v.nullable(v.number()) })), price, 'price'],
  ['valibot pipe', v.pipe(v.unknown(), v.object({ price: v.number() })), price, 'price'],
  [
    'valibot record',
    v.record(v.string(), v.object({ price: v.number() })),
    { [CANARY]: price },
    '*.price',
  ],
  ['arktype', type({ 'a?': type({ b: 'number' }).array() }), { a: [{ b: '' }] }, 'a[0].b'],
  ['arktype record', type({ '[string]': { price: 'number' } }), { [CANARY]: price }, '*.price'],
]

test.each(known)(
  'the name of a member that the schema has is shown: %s',
  async (_, one, value, path) => {
    const session = await testSessions({ schema: { it: one } }).sessions.open(undefined)
    const shown = path.startsWith('[') ? path : `.${path}`
    expect(() => session.set('it', value)).toThrow(`"it": it${shown}: `)
  },
)

test('looking for names in a schema calls none of the app’s functions', async () => {
  const id = vi.fn<() => string>(() => 'new')
  const it = z.object({ price: z.number(), id: z.string().default(id) })
  const session = await testSessions({ schema: { it } }).sessions.open(undefined)
  expect(() => session.set('it', { id: 'old', price: '' })).toThrow(/it\.price: /)
  expect(id).not.toHaveBeenCalled()
})

const unknown: [string, StandardSchema, unknown][] = [
  ['a record of zod', z.record(z.string(), z.number()), { [CANARY]: 'x' }],
  ['the key of one', z.record(z.string().max(3), z.number()), { [CANARY]: 1 }],
  ['a strict object of zod', z.strictObject({ a: z.number() }), { a: 1, [CANARY]: 1 }],
  ['a catchall of zod', z.object({ a: z.number() }).catchall(z.number()), { a: 1, [CANARY]: '' }],
  ['a map of zod', z.map(z.number(), z.number()), new Map([[NUMBER, 'x']])],
  ['a record of zod/v3', three.record(three.number()), { [CANARY]: 'x' }],
  ['a record of valibot', v.record(v.string(), v.number()), { [CANARY]: 'x' }],
  ['a strict object of valibot', v.strictObject({ a: v.number() }), { a: 1, [CANARY]: 1 }],
  ['a map of valibot', v.map(v.number(), v.number()), new Map([[NUMBER, 'x']])],
  ['a record of arktype', type({ '[string]': 'number' }), { [CANARY]: 'x' }],
  ['a strict object of arktype', type({ a: 'number', '+': 'reject' }), { a: 1, [CANARY]: 1 }],
  [
    'a library that shows nothing of itself',
    {
      '~standard': {
        version: 1,
        vendor: 'app',
        validate: (value: any) => ({ issues: [{ message: 'no', path: Object.keys(value) }] }),
      },
    },
    { [CANARY]: 'x' },
  ],
]

const isSilent = (told: unknown) =>
  expect(inspect(told, { depth: 9, showHidden: true })).not.toMatch(/canary4111|4111222333/i)

test.each(unknown)('a key that came with the value is not told: %s', async (_, one, value) => {
  const session = await testSessions({ schema: { it: one } }).sessions.open(undefined)
  let thrown: any
  try {
    session.set('it', value)
  } catch (error) {
    thrown = error
  }
  expect(thrown).toMatchObject({ code: 'ERR_VALUE_INVALID' })
  isSilent([thrown, thrown.message, JSON.stringify(thrown), thrown.stack])
  expect(inspect(thrown.issues, { depth: 9 })).toMatch(/canary4111|4111222333/)
})

// A map cannot be stored.
describe.each(unknown.filter(([, , value]) => !(value instanceof Map)))(
  'nor is that of a stored value, in its event and on the console: %s',
  (_, one, value) => {
    test.each(places)('%s', async (_place, place) => {
      const printed = (['log', 'info', 'warn', 'error'] as const).map((level) =>
        vi.spyOn(console, level).mockImplementation(() => {}),
      )
      const options = { schema: { it: one }, onInvalid: 'error' as const }
      const { visitor, events } = await afterDeploy({ it: value }, options, place())
      const reading = visitor.read((session) => session.get('it'))
      const error = await reading.catch((reason: Error) => reason)
      expect(error).toMatchObject({ code: 'ERR_DATA_INVALID' })
      expect(events).toMatchObject([{ type: 'invalid-data', key: 'it' }])
      isSilent([error, (error as Error).message, events])
      expect(printed.flatMap(({ mock }) => mock.calls)).not.toEqual([])
      isSilent(printed.map(({ mock }) => mock.calls))
    })
  },
)

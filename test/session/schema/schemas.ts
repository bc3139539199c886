/** The same schema in zod, valibot and arktype, and where it can be kept. */

import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { T0 } from '../visitor.ts'

export const zodSchema = {
  username: z.string().max(40),
  visits: z.number(),
  cart: z.array(z.object({ item: z.string(), price: z.number() })),
  seen: z.date(),
}

const valibotSchema = {
  username: v.pipe(v.string(), v.maxLength(40)),
  visits: v.number(),
  cart: v.array(v.object({ item: v.string(), price: v.number() })),
  seen: v.date(),
}

const arktypeSchema = {
  username: type('string <= 40'),
  visits: type('number'),
  cart: type({ item: 'string', price: 'number' }).array(),
  seen: type('Date'),
}

export const libraries = [
  ['zod', zodSchema],
  ['valibot', valibotSchema],
  ['arktype', arktypeSchema],
] as const

export const places = [
  ['in a cookie', () => ({})],
  ['in a store', () => ({ store: memoryStore({ clock: () => T0 }) })],
] as const

/** The same schema in zod, valibot and arktype, where it can be kept, and a deployment that adds it. */

import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import type { SessionOptions } from '../../../src/index.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { T0, testSessions, Visitor } from '../visitor.ts'

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

/** A visitor of an app without a schema, and the same visitor at the app with one. */
export async function afterDeploy(
  before: Record<string, unknown>,
  options: Partial<SessionOptions>,
  common: Partial<SessionOptions> = {},
) {
  const old = new Visitor(testSessions(common).sessions)
  await old.visit((session) => {
    for (const [key, value] of Object.entries(before)) session.set(key, value)
  })
  const site = testSessions({ ...common, ...options })
  const visitor = new Visitor(site.sessions, old.cookie)
  return { ...site, old, visitor }
}

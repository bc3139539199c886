/** The types of a session's data come from its schema. */

import { type } from 'arktype'
import {
  createSessions,
  type DataOf,
  type Session,
  type SessionOptions,
  type Sessions,
  type StoredSessions,
} from 'sojourn'
import { flask } from 'sojourn/flask'
import { memoryStore } from 'sojourn/stores/memory'
import * as v from 'valibot'
import { z } from 'zod'

declare const options: SessionOptions
declare const secret: string

type Equal<One, Other> =
  (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false
function expectType<Expected>(): <Actual>(
  value: Actual,
  ...same: Equal<Actual, Expected> extends true ? [] : [never]
) => void {
  return () => {}
}

type Data = { username: string; visits: number; cart: { item: string; price: number }[] }

const ofZod = {
  username: z.string().min(1),
  visits: z.number(),
  cart: z.array(z.object({ item: z.string(), price: z.number() })),
}
const ofValibot = {
  username: v.pipe(v.string(), v.minLength(1)),
  visits: v.number(),
  cart: v.array(v.object({ item: v.string(), price: v.number() })),
}
const ofArktype = {
  username: type('string > 0'),
  visits: type('number'),
  cart: type({ item: 'string', price: 'number' }).array(),
}

expectType<Sessions<Data>>()(createSessions({ secret, schema: ofZod }))
expectType<Sessions<Data>>()(createSessions({ secret, schema: ofValibot }))
expectType<Sessions<Data>>()(createSessions({ secret, schema: ofArktype }))
expectType<StoredSessions<Data>>()(
  createSessions({
    secret,
    store: memoryStore(),
    schema: ofZod,
    version: 2,
    migrate: (data) => ({ visits: data.n }),
  }),
)
expectType<Sessions<{ visits: number }>>()(
  createSessions({ ...flask({ SECRET_KEY: secret }), schema: { visits: z.number() } }),
)
export const written: DataOf<typeof ofZod> = { username: 'ada', visits: 1, cart: [] }

export function uses(session: Session<DataOf<typeof ofValibot>>): void {
  expectType<number | undefined>()(session.get('visits'))
  expectType<number>()(session.get('visits', 0))
  session.set('visits', 1).update('visits', (visits = 0) => visits + 1)
  session.logout({ keep: ['cart'] })
  // @ts-expect-error -- it is a number
  session.set('visits', '1')
  // @ts-expect-error -- it has no such key
  session.set('vists', 1)
  // @ts-expect-error -- it has no such key
  session.get('vists')
  // @ts-expect-error -- it has no price
  session.set('cart', [{ item: 'tea' }])
}

// The type is what the schema returns.
const changing = createSessions({
  secret,
  schema: {
    coerced: z.coerce.number(),
    filled: z.object({ size: z.number().default(0) }),
    frozen: z.array(z.string()).readonly(),
    branded: z.string().brand<'UserId'>(),
    maybe: z.string().optional(),
    seen: z.date(),
    anything: z.unknown(),
    language: z.enum(['en', 'de']),
    trimmed: v.pipe(v.string(), v.trim()),
    dated: v.date(),
    either: type("'a' | 'b'"),
  },
})
export async function changes(): Promise<void> {
  const session = await changing.current()
  session.set('coerced', 1).set('filled', { size: 1 }).set('frozen', ['a']).set('maybe', 'x')
  session.set('seen', new Date()).set('anything', [1]).set('language', 'de').set('trimmed', 'x')
  session.set('dated', new Date()).set('either', 'b')
  session.set('branded', z.string().brand<'UserId'>().parse('1'))
  // @ts-expect-error -- the schema would take it, and return a number
  session.set('coerced', '1')
  // @ts-expect-error -- not that language
  session.set('language', 'fr')
}

// What the schema would not accept again, or cannot be stored, has the reason for its type.
const wrong = createSessions({
  secret,
  schema: {
    length: z.string().transform((text) => text.length),
    map: z.map(z.string(), z.number()),
    call: z.custom<() => void>(),
    parsed: type('string').pipe((text) => text.length),
  },
})
export async function refuses(): Promise<void> {
  const session = await wrong.current()
  // @ts-expect-error -- a string becomes a number
  session.set('length', 3)
  // @ts-expect-error -- a Map cannot be stored
  session.set('map', new Map())
  // @ts-expect-error -- a function cannot be stored
  session.set('call', () => {})
  // @ts-expect-error -- a string becomes a number
  session.set('parsed', 3)
}

// With the data written out, the schema has to fit.
expectType<Sessions<Data>>()(createSessions<Data>({ secret, schema: ofZod }))
expectType<StoredSessions<Data>>()(
  createSessions<Data>({ secret, store: memoryStore(), schema: ofArktype }),
)
// @ts-expect-error -- visits is a number
createSessions<Data>({ secret, schema: { ...ofZod, visits: z.string() } })
// @ts-expect-error -- the data has no such key
createSessions<Data>({ secret, schema: { vists: z.number() } })
// @ts-expect-error -- nor in a store
createSessions<Data>({ secret, store: memoryStore(), schema: { vists: z.number() } })
// @ts-expect-error -- no schema
createSessions({ secret, schema: { visits: Number } })
// @ts-expect-error -- one schema, not one for each key
createSessions({ secret, schema: z.object({}) })
// @ts-expect-error -- neither
createSessions({ secret, onInvalid: 'ignore' })

// Options that are made elsewhere say nothing of the data.
expectType<Sessions<Record<string, any>>>()(createSessions(options))
expectType<Sessions<{ visits: number }>>()(createSessions<{ visits: number }>(options))

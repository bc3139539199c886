/** Properties of sessions with a schema, for any values. */

import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { T0, testSessions, Visitor } from '../visitor.ts'
import { libraries } from './schemas.ts'

/** Schemas that change what they are given, refuse much of it, or accept anything. */
const schema = {
  any: z.unknown(),
  text: z.string(),
  trimmed: z.string().trim().min(1),
  number: z.coerce.number(),
  whole: v.pipe(v.number(), v.integer()),
  list: z.array(z.string().or(z.number()).nullable()),
  filled: z.object({ a: z.number().default(0), b: z.string().optional() }),
  strict: v.strictObject({ a: v.optional(v.number(), 1) }),
  bytes: z.instanceof(Uint8Array),
  buffer: z.instanceof(Buffer),
  date: z.coerce.date(),
  record: z.record(z.string(), z.json()),
  rounded: z.number().transform((n) => Math.round(n)),
  halved: z.number().transform((n) => n / 2),
}

const values = fc.oneof(
  fc.anything({ withDate: true, withBigInt: true, withTypedArray: true, withNullPrototype: true }),
  fc.string(),
  fc.double(),
  fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null))),
  fc.record({ a: fc.integer(), b: fc.string() }, { requiredKeys: [] }),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.date(),
)

describe.each([
  ['in a cookie', {}],
  ['in a store', { store: memoryStore({ clock: () => T0 }) }],
])('%s', (_, options) => {
  test('a value that set() accepted is read back as what the schema returned, in this request and the next', async () => {
    const { sessions, events } = testSessions({ ...options, schema, onInvalid: 'error' })
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(schema)),
        values,
        fc.boolean(),
        async (key, value, updates) => {
          const visitor = new Visitor(sessions)
          let held: unknown
          let isAccepted = true
          await visitor
            .visit((session) => {
              try {
                if (updates) session.update(key, () => value as {})
                else session.set(key, value)
              } catch {
                isAccepted = false
                return
              }
              held = structuredClone(session.get(key))
            })
            // The cookie is too large for some.
            .catch(() => (isAccepted = false))
          if (!isAccepted) return
          accepted += 1
          const read = await visitor.read((session) => session.get(key))
          expect(await visitor.read((session) => session.has(key))).toBe(true)
          expect(normal(read)).toEqual(normal(held))
          const { setCookie } = await visitor.visit((session) => session.get(key))
          expect(setCookie).toBeUndefined()
        },
      ),
      { numRuns: 600 },
    )
    expect(accepted).toBeGreaterThan(100)
    expect(events.filter(({ type }) => type === 'invalid-data')).toEqual([])
  })

  test('migrate runs exactly for data of a lower version, and for no other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ version: fc.integer({ min: 0, max: 4 }), writes: fc.boolean() }), {
          minLength: 1,
          maxLength: 8,
        }),
        async (visits) => {
          const visitors = new Map<number, Visitor>()
          const calls: [by: number, from: number][] = []
          let cookie: string | undefined
          let stored: number | undefined
          for (const { version, writes } of visits) {
            const migrate = (data: Record<string, unknown>, from: number) => {
              calls.push([version, from])
              return data
            }
            const numbered = version === 0 ? {} : { version, migrate }
            const visitor =
              visitors.get(version) ??
              new Visitor(testSessions({ ...options, ...numbered }).sessions)
            visitors.set(version, visitor)
            visitor.cookie = cookie
            calls.length = 0
            await visitor.visit((session) => writes && session.set('at', Math.random()))
            cookie = visitor.cookie
            const isOlder = stored !== undefined && stored < version
            expect(calls).toEqual(isOlder ? [[version, stored]] : [])
            if (writes) stored = Math.max(stored ?? 0, version)
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})

test.each(libraries)('no error of %s shows the value, whatever it is', async (_, checks) => {
  const { sessions } = testSessions({ schema: checks })
  const session = await sessions.open(undefined)
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(checks)),
      fc.uuid(),
      fc.constantFrom<(secret: string) => unknown>(
        (secret) => secret + secret,
        (secret) => [secret],
        (secret) => ({ secret }),
        (secret) => [{ item: secret, price: secret }],
        (secret) => [{ item: { secret }, price: Number.parseInt(secret, 16) }],
      ),
      (key, secret, wrap) => {
        try {
          session.set(key, wrap(secret))
        } catch (error) {
          expect(`${(error as Error).message} ${(error as Error).stack}`).not.toContain(secret)
        }
      },
    ),
  )
})

/** Values as they are decoded: without members that are undefined, -0, or kinds of bytes. */
function normal(value: unknown): unknown {
  if (ArrayBuffer.isView(value))
    return [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)]
  if (value instanceof Date || typeof value !== 'object' || value === null) {
    return Object.is(value, -0) ? 0 : value
  }
  if (Array.isArray(value)) return value.map(normal)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return members.map(([key, member]) => [key, normal(member)])
}

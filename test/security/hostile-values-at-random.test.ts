/** Any value at all comes back equal, or is refused when it is set: an oracle of its own tells which. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SessionError } from '../../src/base/errors.ts'
import { Visitor } from '../session/visitor.ts'
import { HALF_PAIRS, objectOf, TEXTS } from './hostile.ts'
import { KINDS } from './kinds.ts'
import { prototypes, told } from './told.ts'

const SEED = 20_261_121
const RUNS = process.env['LONG_TESTS'] === '1' ? 20_000 : 500

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom(...TEXTS, ...HALF_PAIRS, ''),
)
// An error names the key, and every test file fails where a value is shown: no key is one.
const sessionKey = text.filter(({ length }) => length < 13)
const anything = fc.anything({
  key: text,
  maxDepth: 4,
  maxKeys: 4,
  values: [
    fc.constantFrom(undefined, null, true, -0, Number.NaN, Infinity, 2 ** 53, Number('1e400')),
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    text,
    fc.date({ noInvalidDate: false }),
    fc.uint8Array({ maxLength: 8 }),
    fc.func(fc.anything()),
    fc.constantFrom(Symbol.iterator, /a/, new Error('a')),
  ],
  withBigInt: true,
  withBoxedValues: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withObjectString: true,
  withSparseArray: true,
  withTypedArray: true,
  withUnicodeString: true,
})

/** Whether a session can keep a value, said without the codec. */
function isKeepable(value: unknown, isFlask: boolean): boolean {
  switch (typeof value) {
    case 'undefined':
    case 'function':
    case 'symbol':
      return false
    case 'number':
      return isFlask || !Number.isNaN(value)
    case 'object':
      break
    default:
      return true
  }
  if (value === null || value instanceof Uint8Array) return true
  if (value instanceof Date) {
    const year = value.getUTCFullYear()
    return isFlask ? year >= 1 && year <= 9999 : !Number.isNaN(year)
  }
  const inside = (member: unknown) => isKeepable(member, isFlask)
  // With its holes, which `every` would pass over.
  if (Array.isArray(value)) return Array.from<unknown>(value).every(inside)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) return false
  return Object.values(value).every((member) => member === undefined || inside(member))
}

/** What Flask has no type for comes back as the nearest that it has: documented in docs/flask.md. */
function asFlaskReads(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (value instanceof Date) return new Date(Math.floor(value.getTime() / 1000) * 1000)
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(asFlaskReads)
  return objectOf(
    ...Object.entries(value).map(([key, member]): [string, unknown] => [key, asFlaskReads(member)]),
  )
}

describe.each(KINDS)('$name', ({ name, app }) => {
  const isFlask = name.startsWith('Flask')
  const { sessions } = app()
  const expected = (value: unknown) => told(isFlask ? asFlaskReads(value) : value)

  test('a value that can be kept comes back; another is refused, and nothing has changed', async () => {
    const before = prototypes()
    const outcomes = { kept: 0, refused: 0, large: 0 }
    await fc.assert(
      fc.asyncProperty(sessionKey, anything, async (key, value) => {
        const visitor = new Visitor(sessions)
        await visitor.visit((session) => session.set('before', 1))
        const session = await sessions.open(visitor.cookie)
        if (!isKeepable(value, isFlask)) {
          outcomes.refused += 1
          expect(() => session.set(key, value)).toThrow(
            expect.objectContaining({ code: 'ERR_VALUE_UNSUPPORTED' }),
          )
          expect([...session]).toEqual([['before', 1]])
          expect((await session.commit()).getSetCookie()).toEqual([])
          return
        }
        session.set(key, value)
        try {
          const [line] = (await session.commit()).getSetCookie()
          if (line !== undefined) visitor.cookie = line.split(';')[0]
        } catch (error) {
          if (!(error instanceof SessionError) || error.code !== 'ERR_COOKIE_TOO_LARGE') throw error
          outcomes.large += 1
          return
        }
        outcomes.kept += 1
        expect(await visitor.read((read) => told(read.get(key)))).toEqual(expected(value))
        expect(await visitor.read((read) => read.get('before'))).toBe(key === 'before' ? value : 1)
      }),
      { seed: SEED, numRuns: RUNS },
    )
    // Neither half of the property is empty.
    expect(Math.min(outcomes.kept, outcomes.refused)).toBeGreaterThan(RUNS / 10)
    expect(prototypes()).toEqual(before)
  })
})

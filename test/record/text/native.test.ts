import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { flaskCodec } from '../../../src/flask/layout.ts'
import { type Codec, createCodec } from '../../../src/record/text/codec.ts'
import type { Tag } from '../../../src/record/text/tag.ts'
import { isNative, type NativeRules } from '../../../src/record/text/native.ts'
import { parseJson } from '../../../src/record/text/json.ts'
import { ownTags } from '../../../src/record/text/tags.ts'
import { float, markup, tuple, uuid } from '../../../src/record/text/values.ts'

const pairTag: Tag<[string, string]> = {
  key: 'pair',
  test: (value): value is [string, string] =>
    Array.isArray(value) && value.length === 2 && value[0] === '=',
  encode: ([, value]) => ({ value }),
  decode: (content: { value: string }) => ['=', content.value],
}
const codecs: [string, Codec, NativeRules][] = [
  ['our own', createCodec({ tags: ownTags, sortKeys: false, ascii: false }), rules(ownTags, false)],
  ['Flask’s', flaskCodec([]), rules(ownTags, true)],
  [
    'with a tag of the app’s own',
    createCodec({ tags: [pairTag, ...ownTags], sortKeys: true, ascii: false }),
    rules([pairTag, ...ownTags], true),
  ],
]

function rules(tags: readonly Tag[], sortKeys: boolean) {
  return {
    tags,
    sortKeys,
    isTag: (key: string) => key === ' di' || tags.some((t) => t.key === key),
  }
}

/** What the codec's own walk writes: an absent member keeps it off the short way. */
function walked(codec: Codec, value: unknown): string {
  const text = codec.encode({ x: [value], absent: undefined }, 'k')
  return text.slice('{"x":['.length, -']}'.length)
}

function outcome(work: () => string): string {
  try {
    return work()
  } catch (error) {
    // The walk is given the value in an object: the place differs.
    return `refused: ${(error as Error).message.replace(/ at k.*? (?=it )/su, ' ')}`
  }
}

const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.maxSafeInteger(),
  fc.constantFrom(-0, 1e-4, 9.99e-5, -1e-4, 1e-7, 1e15, 1e16, 1e17, 1e21, 2 ** 53, -(2 ** 53)),
  fc.constantFrom(123_456_789_012_345.6, 0.1, Number.MIN_VALUE, Number.MAX_VALUE),
)
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 }).map((units) => {
    return String.fromCharCode(...units)
  }),
)
const key = fc.oneof(
  text,
  fc.constantFrom('a', 'b', 'A', '1', '2', '10', 'toJSON', '__proto__', 'constructor', '', 'pair'),
  fc.constantFrom(' t', ' di', ' t__', ' b', ' D', 'pair__', '\uffff', '\u{10000}', '\ue000'),
  fc.constantFrom('\ud800', '\udfff', 'a\uffff', 'a\u{10000}', '\u007f', '\u2028'),
)
class Secretive extends Array<unknown> {
  override *[Symbol.iterator](): ArrayIterator<unknown> {
    yield 'other'
  }
}

const odd = fc.constantFrom<unknown>(
  undefined,
  5n,
  2n ** 70n,
  new Date(5),
  new Date(Number.NaN),
  float(1),
  markup('<b>'),
  tuple(1, 'x'),
  uuid('0'.repeat(32)),
  new Uint8Array([1, 2]),
  new Map(),
  Symbol('x'),
  parseJson('[1.0,2]')!.value,
  parseJson('{"a":1.0}')!.value,
  Object.assign([1], { length: 3 }),
  Secretive.of(1, 2),
  Object('x'),
  () => 1,
  { toJSON: () => 'other' },
  Object.assign([1], { toJSON: () => 2 }),
  ['=', 'x'],
)

function values(leaf: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 5, withCrossShrink: true }, leaf, tie('list'), tie('object')),
    list: fc.array(tie('value'), { maxLength: 5 }),
    object: fc
      .tuple(fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }), fc.boolean(), fc.boolean())
      .map(([entries, sorted, bare]) => {
        if (sorted) entries.sort(([a], [b]) => (a < b ? -1 : 1))
        const object = Object.fromEntries(entries)
        return bare ? Object.assign(Object.create(null) as object, object) : object
      }),
  })).value
}

describe.each(codecs)('the short way to text, in a codec that is %s', (_, codec, itsRules) => {
  test.each([
    ['plain values', values(fc.oneof(number, text, fc.boolean(), fc.constant(null)))],
    ['values of every kind', values(fc.oneof(number, text, odd))],
  ])('writes what the walk writes: %s', (_name, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        expect(outcome(() => codec.encode(value, 'k'))).toBe(outcome(() => walked(codec, value)))
      }),
      { numRuns: 3000 },
    )
  })

  test('is taken for what most sessions hold', () => {
    const cart = { items: [{ id: 1, name: 'Tea ☕', price: 4.5 }], note: null, open: true }
    expect(isNative(cart, itsRules, 62)).toBe(true)
    expect(isNative([], itsRules, 62)).toBe(true)
    expect(isNative([{ a: new Date(5) }], itsRules, 62)).toBe(false)
  })

  test('ends where nesting is refused', () => {
    const nested = (value: unknown, levels: number): unknown =>
      levels === 1 ? value : nested([value], levels - 1)
    const refused = []
    for (let levels = 58; levels <= 66; levels++) {
      const short = outcome(() => codec.encode(nested({}, levels), 'k'))
      const long = outcome(() => codec.encode(nested({ absent: undefined }, levels), 'k'))
      expect(short).toBe(long)
      refused.push(short.includes('nested deeper'))
    }
    expect([refused[0], refused.at(-1)]).toEqual([false, true])
    const ring: unknown[] = []
    ring.push(ring)
    expect(() => codec.encode(ring, 'k')).toThrow(/contains itself/)
  })
})

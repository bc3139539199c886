import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCodec } from '../../../src/record/text/codec.ts'
import { type Tag, UNREADABLE } from '../../../src/record/text/tag.ts'
import { compareCodePoints } from '../../../src/record/text/order.ts'
import { hasDrifted } from '../../../src/record/fields.ts'
import { isPlain } from '../../../src/record/text/shapes.ts'
import { ownTags } from '../../../src/record/text/tags.ts'
import { float, markup, tuple, uuid } from '../../../src/record/text/values.ts'
import { expectQuick } from '../../processor-time.ts'

const codec = createCodec({ tags: ownTags, sortKeys: false, ascii: false })
const pythonic = createCodec({ tags: ownTags, sortKeys: true, ascii: true })
const unsupported = (why: RegExp) =>
  expect.objectContaining({ code: 'ERR_VALUE_UNSUPPORTED', message: expect.stringMatching(why) })

const keys = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    ' t',
    ' d',
    ' D',
    ' di',
    ' t__',
    ' b',
    ' i',
    ' x',
    '1',
    '',
    'toString',
  ),
)
const { storable } = fc.letrec((tie) => ({
  storable: fc.oneof(
    { maxDepth: 6, depthSize: 'small' },
    fc.constantFrom(null, true, false, Number.NaN, Infinity, -Infinity, -0, 2 ** 53, 1e300),
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array(),
    fc.string().map(markup),
    fc.uuid().map(uuid),
    fc.array(tie('storable'), { maxLength: 4 }),
    fc.array(tie('storable'), { maxLength: 4 }).map((items) => tuple(...items)),
    fc.dictionary(keys, tie('storable'), { maxKeys: 4, noNullPrototype: false }),
  ),
}))

/** The value in a form that tells all types apart. */
function shape(value: unknown): unknown {
  if (typeof value === 'bigint') return `bigint ${value}`
  if (Object.is(value, -0)) return 'negative zero'
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return `date ${value.getTime()}`
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return [Object.isFrozen(value) ? 'tuple' : 'list', ...value.map(shape)]
  if ('html' in value && !isPlain(value)) return `markup ${String(value.html)}`
  if ('uuid' in value && !isPlain(value)) return `uuid ${String(value.uuid)}`
  return new Map(Object.entries(value).map(([key, item]) => [key, shape(item)]))
}

describe('everything a session can keep', () => {
  test('reads back as itself', () => {
    fc.assert(
      fc.property(storable, (value) => {
        for (const one of [codec, pythonic]) {
          const text = one.encode(value, 'x')
          const read = one.decode(text)
          expect(read).toBeDefined()
          expect(shape(read!.value)).toEqual(shape(value))
          // And is written the same again: reading is no change.
          expect(one.encode(read!.value, 'x')).toBe(text)
        }
      }),
      { numRuns: 3000 },
    )
  })

  test('is written in ASCII where Python would', () => {
    fc.assert(
      fc.property(storable, (value) => {
        expect(pythonic.encode(value, 'x')).toMatch(/^[\x20-\x7e]*$/)
      }),
      { numRuns: 300 },
    )
    expect(pythonic.encode('é\u007f😀\u2028"', 'x')).toBe(
      '"\\u00e9\\u007f\\ud83d\\ude00\\u2028\\""',
    )
    expect(codec.encode('é😀', 'x')).toBe('"é😀"')
  })

  test.each([
    [1, '1'],
    [1.5, '1.5'],
    [float(1), '1.0'],
    [10n ** 20n, '100000000000000000000'],
    [7n, '{" i":"7"}'],
    [2 ** 53, '9007199254740992.0'],
    [new Date(1234), '{" D":1234}'],
    [new Uint8Array([1, 2, 255]), '{" b":"AQL/"}'],
    [Buffer.from('hi'), '{" b":"aGk="}'],
    [tuple(1, tuple()), '{" t":[1,{" t":[]}]}'],
    [markup('<b>'), '{" m":"<b>"}'],
    [uuid('0123abcd-4567-89ef-0123-456789abcdef'), '{" u":"0123abcd456789ef0123456789abcdef"}'],
    [{ b: 1, a: undefined, c: [null] }, '{"b":1,"c":[null]}'],
    [{ ' t': 1 }, '{" di":{" t__":1}}'],
    [{ ' di': [] }, '{" di":{" di__":[]}}'],
    [{ ' t': 1, ' b': 2 }, '{" t":1," b":2}'],
    [{ ' x': 1 }, '{" x":1}'],
    [Object.create(null), '{}'],
    [runInNewContext('({ a: [1] })') as object, '{"a":[1]}'],
  ])('%o is spelled %s', (value, text) => expect(codec.encode(value, 'x')).toBe(text))

  test('numbers that Python spelled as floats stay floats until they change', () => {
    const read = codec.decode('{"price":1.0,"n":1,"list":[2.0,2]}')!.value as {
      price: number
      list: number[]
    }
    expect(codec.encode(read, 'x')).toBe('{"price":1.0,"n":1,"list":[2.0,2]}')
    read.price = 3
    read.list[0] = 5
    expect(codec.encode(read, 'x')).toBe('{"price":3,"n":1,"list":[5,2]}')
  })

  test('an unsupported value inside is named by the key it stands under', () => {
    expect(() => codec.encode({ a: [() => 1] }, 'cart')).toThrow(unsupported(/"cart".*a function/))
  })
})

class Point {
  x = 1
}
const cycle: { self?: unknown } = {}
cycle.self = cycle
const ring: unknown[] = []
ring.push([ring])
const family = { children: [] as unknown[] }
family.children.push({ parent: family }, { parent: family })

describe('what cannot be kept is refused where it is set', () => {
  test.each([
    ['undefined', undefined, /it holds undefined/],
    ['a function', () => 1, /a function/],
    ['a symbol', Symbol('x'), /a symbol/],
    ['a Map', new Map(), /a Map\. Keep \[\.\.\.map\]/],
    ['a Set', new Set(), /a Set\. Keep \[\.\.\.set\]/],
    ['a class', new Point(), /an instance of Point\. Keep a plain object, or register a tag/],
    ['an Error', new Error('x'), /an instance of Error/],
    ['a RegExp', /x/, /an instance of RegExp/],
    ['a promise', Promise.resolve(1), /a Promise\. Await it first/],
    ['a boxed number', Object(1), /an instance of Number/],
    ['an anonymous class', new (class {})(), /an instance of a class/],
    ['a nameless prototype', Object.create({}), /cannot be stored/],
    ['an invalid date', new Date(Number.NaN), /an invalid date/],
    ['undefined in a list', [1, undefined], /it holds undefined/],
    ['a hole in a list', Array(2), /it holds undefined/],
    ['an object that contains itself', cycle, /nested deeper than 62 levels, or contains itself/],
    ['a list that contains itself', ring, /contains itself/],
    ['parents and children', family, /contains itself/],
    ['a function deep inside', { a: [{ b: { c: () => 1 } }] }, /a function/],
    ['an integer of 4301 digits', 10n ** 4300n, /more than 4300 digits/],
    ['a negative one', -(10n ** 4300n), /more than 4300 digits/],
  ])('%s', async (_, value, why) => {
    await expectQuick(() => {
      expect(() => codec.encode(value, 'x')).toThrow(unsupported(why))
    })
  })

  test('an integer of 4300 digits is the largest', () => {
    for (const value of [10n ** 4300n - 1n, -(10n ** 4300n) + 1n]) {
      expect(codec.decode(codec.encode(value, 'x'))!.value).toBe(value)
    }
  })

  test('what is written can be read, at every depth up to the limit', () => {
    const leaves: unknown[] = [
      1,
      { ' t': 1 },
      { ' di': {} },
      tuple(),
      tuple(1),
      [],
      {},
      new Date(0),
      markup('x'),
      7n,
    ]
    for (const wrap of [
      (inner: unknown) => [inner],
      (inner: unknown) => ({ a: inner }),
      (inner: unknown) => ({ ' t': inner }),
      (inner: unknown) => tuple(inner),
    ]) {
      for (const leaf of leaves) {
        let value = leaf
        let refused = 0
        for (let depth = 1; depth <= 70; depth++) {
          value = wrap(value)
          let text: string
          try {
            text = codec.encode(value, 'x')
          } catch (error) {
            expect(error).toMatchObject({ code: 'ERR_VALUE_UNSUPPORTED' })
            refused ||= depth
            continue
          }
          expect(refused, 'deeper is never accepted again').toBe(0)
          // Inside the list and the object that a record is.
          expect(codec.decode(`[{"x":${text}}]`), String(depth)).toBeDefined()
        }
        expect(refused).toBeGreaterThan(28)
        expect(refused).toBeLessThan(64)
      }
    }
  })

  test('what could be read can be written again', () => {
    const text = `${'['.repeat(62)}1${']'.repeat(62)}`
    expect(codec.encode(codec.decode(text)!.value, 'x')).toBe(text)
    expect(hasDrifted({ text, live: codec.decode(text)! }, 'x', codec)).toBe(false)
  })
})

describe('tags', () => {
  test.each([
    '{" t":1}',
    '{" t":{}}',
    '{" b":1}',
    '{" b":"!!!"}',
    '{" b":"-_-_"}',
    '{" b":"aGk"}',
    '{" b":"aGl="}',
    '{" b":"aGk=\\n"}',
    '{" m":[]}',
    '{" u":"xyz"}',
    '{" u":"0123"}',
    '{" u":1}',
    '{" D":"now"}',
    '{" D":1e300}',
    '{" D":null}',
    '{" D":1.5}',
    '{" D":1.0}',
    '{" D":8640000000000001}',
    '{" i":7}',
    '{" i":"07"}',
    '{" i":"12345678901234567"}',
    '{" i":"9007199254740992"}',
    '{" i":"-9007199254740992"}',
    '{" i":"x"}',
    '{" di":1}',
    '{" di":null}',
    '{" di":[]}',
    '{" di":[1]}',
    '{" di":"ab"}',
    '{" di":{" t":[1]}}',
    '{" di":{}}',
    '{" di":{"a__":1,"b__":2}}',
    '{" di":{" t__":1," b__":2}}',
    '{" di":{"x":1}}',
    '{" di":{" txx":1}}',
    '{" di":{"a__":1}}',
    '{" di":{" di":{" t__":1}}}',
    '[{" t":1}]',
    'not json',
  ])('%s is unreadable', (text) => expect(codec.decode(text)).toBeUndefined())

  test('a tag is told by its single key, in whatever spelling', () => {
    expect(shape(codec.decode('{"\\u0020t":[1]}')!.value)).toEqual(['tuple', 1])
    expect(shape(codec.decode('{" t":[1],"x":2}')!.value)).toEqual(
      new Map<string, unknown>([
        [' t', ['list', 1]],
        ['x', 2],
      ]),
    )
    expect(shape(codec.decode('{" t":0," t":[1]}')!.value)).toEqual(['tuple', 1])
    expect(codec.decode('{" di":{" t__":1}}')!.value).toEqual(
      Object.assign(Object.create(null), { ' t': 1 }),
    )
  })

  test('an escaped tag is read as Python reads it where the tags do not say otherwise', () => {
    const { decode } = createCodec({ tags: [money], sortKeys: true, ascii: true })
    const escaped = (text: string) => Object.entries(decode(`{" di":${text}}`)!.value as object)
    expect(escaped('{"a__":1,"b__":2}')).toEqual([['a', 1]])
    expect(escaped('{"x":1}')).toEqual([['', 1]])
    expect(escaped('{" $xx":1}')).toEqual([[' $', 1]])
    expect(decode('{" di":{}}')).toBeUndefined()
  })

  test('a tuple of more items than a call can be given is read', () => {
    const items = 300_000
    const read = codec.decode(`{" t":[${'0,'.repeat(items - 1)}0]}`)!.value as readonly unknown[]
    expect(shape(read)).toHaveLength(items + 1)
    expect(Object.isFrozen(read)).toBe(true)
    expect(codec.encode(read, 'x')).toHaveLength(2 * items + 8)
  })

  test('texts that may hold tags are known by their looks, never missing one', () => {
    expect(codec.mayHoldTags('{"a":1}')).toBe(false)
    expect(codec.mayHoldTags('{"a":{" t":[]}}')).toBe(true)
    expect(codec.mayHoldTags('{"a":{"\\u0020t":[]}}')).toBe(true)
    const named = createCodec({
      tags: [{ ...money, key: '$money' }],
      sortKeys: false,
      ascii: false,
    })
    expect(named.mayHoldTags('{"a":1}')).toBe(true)
  })

  test("an app's own types are kept by its own tags, which come first", () => {
    const own = createCodec({ tags: [money, ...ownTags], sortKeys: false, ascii: false })
    const text = own.encode([new Money(5), { ' $': 1 }], 'x')
    expect(text).toBe('[{" $":[5,"EUR"]},{" di":{" $__":1}}]')
    const [read, escaped] = own.decode(text)!.value as [Money, object]
    expect(read).toBeInstanceOf(Money)
    expect(read.cents).toBe(5)
    expect(escaped).toEqual(Object.assign(Object.create(null), { ' $': 1 }))
    expect(own.decode('{" $":1}')).toBeUndefined()
    // A tag that throws something of its own is a bug in the app, and not swallowed.
    const failing = createCodec({
      tags: [
        {
          ...money,
          decode: () => {
            throw new RangeError('bug')
          },
        },
      ],
      sortKeys: false,
      ascii: false,
    })
    expect(() => failing.decode('{" $":1}')).toThrow(RangeError)
  })

  test.each([' t', ' di', ' $'])('two tags with the key %j are refused', (key) => {
    expect(() =>
      createCodec({ tags: [money, { ...money, key }, ...ownTags], sortKeys: false, ascii: false }),
    ).toThrow(
      expect.objectContaining({
        code: 'ERR_OPTION_INVALID',
        message: expect.stringContaining(`"${key}"`),
      }),
    )
  })

  test('a tag learns whether a number was spelled as a float', () => {
    const seen: unknown[] = []
    const tag: Tag = {
      ...money,
      decode: (content: unknown, isFloat) => (seen.push([content, isFloat]), 0),
    }
    const own = createCodec({ tags: [tag], sortKeys: false, ascii: false })
    own.decode('[{" $":1},{" $":1.0},{" $":1.5},{" $":"1.0"}]')
    expect(seen).toEqual([
      [1, false],
      [1, true],
      [1.5, false],
      ['1.0', false],
    ])
  })
})

class Money {
  readonly cents: number
  constructor(cents: number) {
    this.cents = cents
  }
}

const money: Tag<Money> = {
  key: ' $',
  test: (value): value is Money => value instanceof Money,
  encode: ({ cents }) => [cents, 'EUR'],
  decode: (content: unknown) =>
    Array.isArray(content) ? new Money(content[0] as number) : UNREADABLE,
}

describe('the order of keys', () => {
  test('stays as it is, or is that of Python: by code point', () => {
    const object = { b: 1, '\u{10000}': 2, '\uffff': 3, a: 4, ab: 5, '': 6 }
    expect(codec.encode(object, 'x')).toBe('{"b":1,"\u{10000}":2,"\uffff":3,"a":4,"ab":5,"":6}')
    expect(pythonic.encode(object, 'x')).toBe(
      '{"":6,"a":4,"ab":5,"b":1,"\\uffff":3,"\\ud800\\udc00":2}',
    )
    expect(
      pythonic.join([
        ['b', { text: '1' }],
        ['a', { text: '2' }],
      ]),
    ).toBe('{"a":2,"b":1}')
    expect(
      codec.join([
        ['b', { text: '1' }],
        ['a', { text: '2' }],
      ]),
    ).toBe('{"b":1,"a":2}')
  })

  test('is a total order that agrees with UTF-32', () => {
    const text = fc.string({
      unit: fc.constantFrom(
        '',
        'a',
        'b',
        'é',
        '\ud7ff',
        '\ue000',
        '\uffff',
        '\u{10000}',
        '\u{10ffff}',
      ),
      maxLength: 4,
    })
    fc.assert(
      fc.property(text, text, (a, b) => {
        const utf32 = (one: string) =>
          Array.from(one, (character) =>
            character.codePointAt(0)!.toString(16).padStart(6, '0'),
          ).join('')
        const expected = utf32(a) < utf32(b) ? -1 : utf32(a) > utf32(b) ? 1 : 0
        expect(Math.sign(compareCodePoints(a, b))).toBe(expected)
      }),
      { numRuns: 3000 },
    )
  })
})

test('a list that is more than a list is refused: it would come back as less', () => {
  class Stack extends Array<number> {}
  const codec = createCodec({ tags: ownTags, sortKeys: false, ascii: false })
  expect(() => codec.encode(Stack.of(1, 2), 'stack')).toThrow(
    expect.objectContaining({
      code: 'ERR_VALUE_UNSUPPORTED',
      message: expect.stringContaining('an instance of Stack'),
    }),
  )
  const foreign: unknown = runInNewContext('[1, [2]]')
  expect(codec.encode(foreign, 'list')).toBe('[1,[2]]')
})

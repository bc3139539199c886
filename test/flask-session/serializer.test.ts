/** The bytes of Flask-Session: msgpack and JSON, exactly as msgspec reads and writes them. */

import { describe, expect, it } from 'vitest'
import { flaskSessionLayout, type Format } from '../../src/flask/session/layout.ts'
import { serializerOf } from '../../src/flask/session/serializer.ts'
import { float } from '../../src/flask/session/flask-session.ts'
import { seededRandom } from '../record/random.ts'
import { bytesOf, wire } from './recorded.ts'

const FORMATS = ['msgpack', 'json'] as const
const LAYOUTS = {
  msgpack: flaskSessionLayout('msgpack', true),
  json: flaskSessionLayout('json', true),
}
const SERIALIZERS = {
  msgpack: serializerOf('msgpack', LAYOUTS.msgpack.codec),
  json: serializerOf('json', LAYOUTS.json.codec),
}

/** Bytes to a record and back. */
function rewritten(bytes: Uint8Array, format: Format): Buffer | undefined {
  const text = SERIALIZERS[format].decode(bytes)
  const record = text === undefined ? undefined : LAYOUTS[format].decode(text)
  return record && SERIALIZERS[format].encode(LAYOUTS[format].encode(record))
}

/** The values of a session's bytes. */
function valuesOf(bytes: Uint8Array, format: Format): Record<string, unknown> | undefined {
  const text = SERIALIZERS[format].decode(bytes)
  const record = text === undefined ? undefined : LAYOUTS[format].decode(text)
  if (!record) return undefined
  const { codec } = LAYOUTS[format]
  return Object.fromEntries(
    [...record.data].map(([key, { text }]) => [key, codec.decode(text)?.value]),
  )
}

/** The bytes of a session with these values, as an app sets them. */
function written(values: Record<string, unknown>, format: Format): Buffer {
  const layout = LAYOUTS[format]
  const data = new Map(
    Object.entries(values).map(([key, value]) => [key, { text: layout.codec.encode(value, key) }]),
  )
  return SERIALIZERS[format].encode(
    layout.encode({
      data,
      meta: data,
      stamp: layout.empty({ created: 0, nonce: undefined }).stamp,
    }),
  )
}

/** How many random sessions are tried. */
const TURNS = process.env['LONG_TESTS'] === '1' ? 200_000 : 5_000

const hex = (...bytes: number[]) => Buffer.from(bytes)
/** {"a": value} in msgpack. */
const inA = (...value: number[]) => hex(0x81, 0xa1, 0x61, ...value)

describe.each(FORMATS)('a session in %s', (format) => {
  it.each(wire.serializer_fixtures)('is written back byte for byte: $name', (fixture) => {
    const bytes = bytesOf(fixture[`${format}_hex`])
    expect(rewritten(bytes, format)?.toString('hex')).toBe(bytes.toString('hex'))
  })

  it.each(wire.serializer_fixtures)('is also read in the other format: $name', (fixture) => {
    const other = FORMATS.find((one) => one !== format)!
    const bytes = bytesOf(fixture[`${other}_hex`])
    expect(SERIALIZERS[format].decode(bytes)).toBeDefined()
  })

  it('keeps the order in which keys were set, of keys like "1" too', () => {
    const values = { b: 1, a: { z: 1, '2': 2, '1': { y: null } } }
    const once = written(values, format)
    const flipped = Buffer.from(
      JSON.stringify({ a: 1 }).replace('"a":1', '"a":{"2":0,"x":1,"1":2}'),
    )
    expect(rewritten(once, format)).toEqual(once)
    const text = SERIALIZERS[format].decode(flipped)!
    expect(text).toBe(flipped.toString())
    const back = SERIALIZERS[format].encode(text)
    expect(SERIALIZERS[format].decode(back)).toBe(text)
  })

  it('tells a float from an integer, which Flask reads as another type', () => {
    const bytes = written({ whole: 1, float: float(1), half: 0.5 }, format)
    expect(SERIALIZERS[format].decode(bytes)).toBe('{"whole":1,"float":1.0,"half":0.5}')
  })

  it.each([
    [{ ' b': 'x' }],
    [{ ' d': [1, 2] }],
    [{ ' di': { ' b__': 1 } }],
    [{ ' i': '1' }],
    [{ a: { ' di': 1 } }],
    [{ a: [{ ' b': 'eA==' }, { ' d': 0 }] }],
    [{ ' di__': { ' di': { ' di': 1 } } }],
  ])('an object that looks like a tag stays an object: %j', (values) => {
    const bytes = written(values, format)
    expect(valuesOf(bytes, format)).toEqual(values)
    expect(rewritten(bytes, format)).toEqual(bytes)
  })

  it.each([
    ['an integer that does not fit into 64 bits', { a: [2n ** 64n] }],
    ['such a negative one', { a: -(2n ** 63n) - 1n }],
    ['a lone surrogate', { a: '\ud83d' }],
    ['a lone surrogate inside', { a: ['é', { b: '\ude00' }] }],
    ['a function', { a: () => 1 }],
  ])('refuses %s when it is set, as Flask does', (_what, values) => {
    const [[key, value]] = Object.entries(values) as [[string, unknown]]
    expect(() => LAYOUTS[format].codec.encode(value, key)).toThrow(
      expect.objectContaining({ code: 'ERR_VALUE_UNSUPPORTED' }),
    )
  })

  it('refuses a key that UTF-8 cannot hold', () => {
    expect(() => written({ 'a\ud83d': 1, ' b': 2, c: Infinity }, format)).toThrow(
      expect.objectContaining({ code: 'ERR_VALUE_UNSUPPORTED' }),
    )
  })

  it('a text that only looks like an escaped surrogate is stored', () => {
    const values = { a: '\\ud83d', b: 'C:\\ud', c: '\\\\udfff' }
    expect(valuesOf(written(values, format), format)).toEqual(values)
  })

  it('never reads pickle, of no protocol', () => {
    const pickles = [
      ...wire.recorded_flask_session_0_3_2.runs.flatMap(({ steps }) =>
        steps.flatMap(({ redis }) => redis.map(({ value_hex: value }) => bytesOf(value))),
      ),
      Buffer.from('(dp0\nS"a"\np1\nI1\ns.'),
      Buffer.from('(dp1\nV_permanent\np2\nI01\ns.'),
      hex(0x80, 0x02, 0x7d, 0x71, 0x00, 0x2e),
    ]
    expect(pickles.length).toBeGreaterThan(5)
    for (const bytes of pickles) expect(SERIALIZERS[format].decode(bytes)).toBeUndefined()
  })

  it('a text, a list, nothing and half of a session are no session', () => {
    const whole = written({ a: [1, 'text', { b: 2 }] }, format)
    for (let end = 0; end < whole.length; end++) {
      expect(SERIALIZERS[format].decode(whole.subarray(0, end))).toBeUndefined()
    }
    for (const text of ['', '"a"', '[1]', '[{"a":1}]', '1', 'null', '{"a":1}x', '{"a":1', ' ']) {
      expect(SERIALIZERS[format].decode(Buffer.from(text))).toBeUndefined()
    }
    expect(SERIALIZERS[format].decode(Buffer.concat([whole, hex(0xc0)]))).toBeUndefined()
  })

  it('more than a megabyte is not read', () => {
    const most = written({ a: 'x'.repeat(1_048_000) }, format)
    expect(SERIALIZERS[format].decode(most)).toBeDefined()
    const more = written({ a: 'x'.repeat(1_048_576) }, format)
    expect(SERIALIZERS[format].decode(more)).toBeUndefined()
  })

  it('any value that can be stored is read as it was written, a thousand random ones', () => {
    const random = sequence(format === 'json' ? 7 : 8)
    for (let turn = 0; turn < 1000; turn++) {
      const values = { a: randomValue(random, format, 0), b: randomValue(random, format, 0) }
      const bytes = written(values, format)
      expect(valuesOf(bytes, format)).toEqual(values)
      expect(rewritten(bytes, format)?.equals(bytes)).toBe(true)
    }
  })

  it('random and damaged bytes are read or refused, and nothing throws', () => {
    const random = sequence(format === 'json' ? 11 : 12)
    const valid = wire.serializer_fixtures.map((fixture) => bytesOf(fixture[`${format}_hex`]))
    for (let turn = 0; turn < TURNS; turn++) {
      const bytes =
        turn % 2 === 0
          ? Buffer.from(Array.from({ length: random(40) }, () => random(256)))
          : Buffer.from(valid[random(valid.length)]!)
      if (turn % 4 === 0) bytes[0] = 0x80 + random(16)
      if (turn % 2 === 1) bytes[random(bytes.length)] = random(256)
      const text = SERIALIZERS[format].decode(bytes)
      const record = text === undefined ? undefined : LAYOUTS[format].decode(text)
      // What is read can be written, and is then read again.
      if (record) {
        const back = SERIALIZERS[format].encode(LAYOUTS[format].encode(record))
        expect(SERIALIZERS[format].decode(back)).toBeDefined()
      }
    }
  })
})

describe('msgpack', () => {
  const read = (bytes: Buffer) => valuesOf(bytes, 'msgpack')?.['a']

  it('bytes are bytes, and a datetime is a Date to the millisecond', () => {
    expect(read(inA(0xc4, 2, 0xff, 0))).toEqual(new Uint8Array([255, 0]))
    const date = new Date('2024-02-29T12:34:56.123Z')
    expect(read(bytesOf('81a161d7ff1d6f280065e079f0'))).toEqual(date)
    expect(valuesOf(written({ a: date }, 'msgpack'), 'msgpack')).toEqual({ a: date })
  })

  it('a datetime is written in the form that msgspec chooses', () => {
    const at = (text: string) =>
      written({ a: new Date(text) }, 'msgpack')
        .subarray(3)
        .toString('hex')
    expect(at('2024-02-29T12:34:56Z')).toBe('d6ff65e079f0')
    expect(at('2024-02-29T12:34:56.001Z')).toBe('d7ff003d090065e079f0')
    expect(at('2500-01-01T00:00:00Z')).toBe('d7ff00000003e4e6b080')
    expect(at('2514-05-30T01:53:04Z')).toBe('c70cff000000000000000400000000')
    expect(at('1969-12-31T23:59:59.999Z')).toBe('c70cff3b8b87c0ffffffffffffffff')
    expect(at('0001-01-01T00:00:00Z')).toBe('c70cff00000000fffffff1886e0900')
  })

  it('a value that Flask-Session would turn into another type is refused', () => {
    const { codec } = LAYOUTS.json
    for (const value of [new Date(0), new Uint8Array(1)]) {
      expect(() => codec.encode(value, 'a')).toThrow(/ERR_VALUE_UNSUPPORTED|cannot be stored/)
    }
    expect(() => LAYOUTS.msgpack.codec.encode(new Date('+012345-01-01'), 'a')).toThrow(/1 to 9999/)
  })

  it('every length and width of msgpack is read, and written in its shortest form', () => {
    for (const [long, short] of [
      [inA(0xcd, 0, 1), inA(1)],
      [inA(0xcf, 0, 0, 0, 0, 0, 0, 0, 1), inA(1)],
      [inA(0xd3, 255, 255, 255, 255, 255, 255, 255, 255), inA(0xff)],
      [inA(0xd9, 1, 0x62), inA(0xa1, 0x62)],
      [inA(0xdb, 0, 0, 0, 1, 0x62), inA(0xa1, 0x62)],
      [inA(0xdd, 0, 0, 0, 1, 1), inA(0x91, 1)],
      [hex(0xdf, 0, 0, 0, 1, 0xda, 0, 1, 0x61, 0xc0), inA(0xc0)],
      [inA(0xc6, 0, 0, 0, 1, 9), inA(0xc4, 1, 9)],
      [inA(0xca, 0x3f, 0xc0, 0, 0), inA(0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0)],
    ] as const) {
      expect(rewritten(long, 'msgpack')?.toString('hex')).toBe(short.toString('hex'))
    }
    for (const length of [15, 16, 31, 32, 255, 256, 65_535, 65_536]) {
      const values = {
        text: 'x'.repeat(length),
        list: Array.from({ length }, () => 0),
        bytes: new Uint8Array(length),
        map: Object.fromEntries(Array.from({ length }, (_, at) => [`k${at}`, true])),
      }
      const bytes = written(values, 'msgpack')
      // Each value, and not all at once: a diff of so many would take long.
      for (const [key, value] of Object.entries(valuesOf(bytes, 'msgpack')!)) {
        expect(JSON.stringify(value) === JSON.stringify(values[key as keyof typeof values])).toBe(
          true,
        )
      }
      expect(rewritten(bytes, 'msgpack')?.equals(bytes)).toBe(true)
    }
  })

  it.each([
    ['the unused marker', inA(0xc1)],
    ['an extension of another type', inA(0xd4, 5, 0)],
    ['an extension of four bytes and another type', inA(0xd6, 5, 0, 0, 0, 0)],
    ['a timestamp of five bytes', inA(0xc7, 5, 0xff, 0, 0, 0, 0, 0)],
    ['a timestamp with a second of nanoseconds', inA(0xd7, 0xff, 0xee, 0x6b, 0x28, 0, 0, 0, 0, 0)],
    ['a timestamp after the year 9999', inA(0xc7, 12, 0xff, 0, 0, 0, 0, 0x7f, 0, 0, 0, 0, 0, 0, 0)],
    ['a key that is a number', hex(0x81, 1, 1)],
    ['a key that is bytes', hex(0x81, 0xc4, 1, 0x61, 1)],
    ['a key twice', hex(0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2)],
    ['a key twice inside', inA(0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2)],
    ['text that is not UTF-8', inA(0xa1, 0xff)],
    ['half of a surrogate pair in UTF-8', inA(0xa3, 0xed, 0xa0, 0x80)],
    ['a list of four thousand million', inA(0xdd, 0xff, 0xff, 0xff, 0xff)],
    ['a map of four thousand million', inA(0xdf, 0xff, 0xff, 0xff, 0xff)],
    ['bytes of four thousand million', inA(0xc6, 0xff, 0xff, 0xff, 0xff)],
  ])('refuses %s', (_what, bytes) => {
    expect(SERIALIZERS.msgpack.decode(bytes)).toBeUndefined()
  })

  it('64 levels are read, and no more', () => {
    const nested = (levels: number) =>
      Buffer.concat([inA(), Buffer.alloc(levels - 1, 0x91), hex(0xc0)])
    expect(rewritten(nested(64), 'msgpack')).toEqual(nested(64))
    expect(rewritten(nested(65), 'msgpack')).toBeUndefined()
    expect(rewritten(nested(500_000), 'msgpack')).toBeUndefined()
  })

  it('a byte order mark is part of the text', () => {
    expect(read(inA(0xa3, 0xef, 0xbb, 0xbf))).toBe('\ufeff')
  })
})

describe('JSON', () => {
  it('what is not a number is null, as msgspec writes it', () => {
    const bytes = written({ a: Number.NaN, b: [Infinity, { c: -Infinity }], d: 'NaN' }, 'json')
    expect(bytes.toString()).toBe('{"a":null,"b":[null,{"c":null}],"d":"NaN"}')
  })

  it('escaped halves of a surrogate pair are no session, as in msgspec', () => {
    const decode = (text: string) => SERIALIZERS.json.decode(Buffer.from(text))
    expect(decode('{"a":"x\\ud83d"}')).toBeUndefined()
    expect(decode('{"a":"\\ud83d\\ude00"}')).toBe('{"a":"😀"}')
  })
})

/** Random integers below a limit: the same ones in each run. */
function sequence(seed: number) {
  const random = seededRandom(seed)
  return (below: number) => Math.floor(random() * below)
}

type Random = ReturnType<typeof sequence>

const TEXTS = [
  '',
  'a',
  ' b',
  ' d',
  ' di',
  ' b__',
  '1',
  '0',
  '__proto__',
  'é😀',
  '"\\\n',
  '\u007f\u2028',
]

function randomValue(random: Random, format: Format, depth: number): unknown {
  switch (random(depth > 4 ? 7 : format === 'json' ? 9 : 11)) {
    case 0:
      return null
    case 1:
      return random(2) === 0
    case 2:
      return (random(2) === 0 ? -1 : 1) * random(2 ** 31) || 0
    case 3:
      return random(1000) / 7 + 0.001
    case 4:
      return 2n ** BigInt(54 + random(10)) - BigInt(random(2))
    case 5:
      return TEXTS[random(TEXTS.length)]
    case 6:
      return 'x'.repeat(random(300))
    case 7:
      return Array.from({ length: random(4) }, () => randomValue(random, format, depth + 1))
    case 8: {
      const keys = Array.from({ length: random(3) }, () => TEXTS[random(TEXTS.length)]!)
      return Object.fromEntries(keys.map((key) => [key, randomValue(random, format, depth + 1)]))
    }
    case 9:
      return new Uint8Array(Array.from({ length: random(40) }, () => random(256)))
    default:
      return new Date((random(2) === 0 ? -1 : 1) * random(2 ** 31) * 1000 + random(1000))
  }
}

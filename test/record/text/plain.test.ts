import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCodec } from '../../../src/record/text/codec.ts'
import { floatMembersOf, parseJson } from '../../../src/record/text/json.ts'
import {
  MAX_DEPTH,
  plainValue,
  scanMembers,
  scanValue,
} from '../../../src/record/text/json-scan.ts'
import { ownTags } from '../../../src/record/text/tags.ts'
import { mutated, seededRandom } from '../random.ts'

const ROUNDS = process.env['QUICK_TESTS'] === '1' ? 6_000 : 60_000
const codec = createCodec({ tags: ownTags, sortKeys: false, ascii: false })

/** Everything that tells two values apart: order of keys, signs of zeros, prototypes, whole floats. */
function told(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    return Object.is(value, -0) ? 'minus zero' : [typeof value, value]
  }
  const members = Object.entries(value).map(([key, member]) => [key, told(member)])
  return [Object.getPrototypeOf(value), floatMembersOf(value) ?? 'no floats', members]
}

/** Compares what is called plain with the walk and with JSON.parse; answers how many of the two are. */
function compare(text: string): number {
  const isPlain = scanValue(text) === 'plain'
  if (isPlain) {
    const walked = parseJson(text)
    expect(walked, text).toBeDefined()
    expect(told(plainValue(text)), text).toEqual(told(walked!.value))
    expect(told(JSON.parse(text)), text).toEqual(told(walked!.value))
    // And no tag in it either.
    expect(codec.mayHoldTags(text), text).toBe(false)
  }
  const scanned = scanMembers(text, String)
  // Both scans agree, on what is valid and on what is plain.
  expect(scanned && (scanned.isPlain ? 'plain' : 'unusual'), text).toBe(scanValue(text))
  if (scanned?.isPlain) {
    const items: unknown = JSON.parse(text)
    const whole = scanned.objects.map((members, at) =>
      members
        ? Object.fromEntries([...members].map(([key, spelled]) => [key, JSON.parse(spelled)]))
        : [items].flat()[at],
    )
    expect(told(Array.isArray(items) ? whole : whole[0]), text).toEqual(told(items))
  }
  return Number(isPlain) + Number(scanned?.isPlain ?? false)
}

const ours = [
  '["tro000.k3xq0a",{"user_id":4217,"name":"Ada Lovelace","theme":"dark","visits":12}]',
  '["tro000",{"cart":[{"sku":"SKU-1","price":9.95,"n":-1},{}],"note":null,"ok":true},{"u":"7"}]',
  '{"a":{"b":{"c":[[],[[1,2.5]],"x"]}},"":0,"__proto__":{"x":1},"constructor":false}',
  '[0,-1,999999999999999,0.1,-0.5,123.25,"é☕😀",[[[{}]]],{"a":1,"b":2,"a":3}]',
]

/** Every token that a rule of the grammar is about. */
// oxfmt-ignore
const TOKENS = [
  ...'{}[]:,"0123456789.-+eE \\\t\n\u0001tfnu/é',
  '-0', '0.0', '1.0', '1.50', '1e5', '1E2', '01', '00', '-', '-.5', '.5', '5.', 'NaN', 'true',
  '-Infinity', 'null', 'false', 'nul', '" t"', '{" t":[]}', '"\\u0020t"', '\\"', '""', '{}',
  '[]', '9007199254740993', '123456789012345', '999999999999999.9', '0.12345678901234567',
  '"a":1', ',"b":', '[1]', ',', '"', '":', ':"',
]

describe('the quick reader and the walk', () => {
  test.each(ours)('both read %s', (text) => expect(compare(text)).toBe(2))

  test('agree on what our own codec writes, which the quick reader reads unless it is unusual', () => {
    let read = 0
    let all = 0
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = codec.encode(value, 'k')
        all += 1
        read += compare(`["s",{"a":${text}}]`) === 2 ? 1 : 0
        compare(text)
      }),
      { numRuns: 2000, seed: 1 },
    )
    expect(read).toBeGreaterThan(all / 3)
  })

  test('agree on any sequence of tokens', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...TOKENS), { maxLength: 9 }), (tokens) => {
        compare(tokens.join(''))
        compare(`[${tokens.join('')}]`)
        compare(`{"a":${tokens.join('')}}`)
      }),
      { numRuns: 30_000, seed: 2 },
    )
  })

  test('agree on texts of ours in which something was changed', () => {
    const random = seededRandom(3)
    let read = 0
    for (let round = 0; round < ROUNDS; round++) {
      const text = ours[round % ours.length]!
      const token = TOKENS[Math.floor(random() * TOKENS.length)]!
      const at = Math.floor(random() * text.length)
      const put = text.slice(0, at) + token + text.slice(at + (random() < 0.5 ? 0 : token.length))
      read += compare(round % 2 ? put : mutated(text, '{}[]:,"0123456789.-eE \\tn', random))
    }
    // Neither half of the comparison is empty.
    expect(read).toBeGreaterThan(ROUNDS / 6)
    expect(read).toBeLessThan((ROUNDS * 11) / 6)
  })

  test('refuse the same depth', () => {
    const lists = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    const objects = (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)
    for (const nested of [lists, objects]) {
      expect(compare(nested(MAX_DEPTH))).toBe(2)
      expect(compare(nested(MAX_DEPTH + 1))).toBe(0)
      // Through the codec too, where what is not plain goes to the walk.
      expect(codec.decode(nested(MAX_DEPTH))).toBeDefined()
      expect(codec.decode(nested(MAX_DEPTH + 1))).toBeUndefined()
    }
  })
})

describe('the quick reader leaves to the walk', () => {
  test.each([
    ['white space', '{"a": 1}'],
    ['an escape', '{"a":"\\u0041"}'],
    ['a tag', '{" t":[1]}'],
    ['a text that begins as a tag does', '{"a":" t"}'],
    ['a whole float', '[1.0]'],
    ['a float that ends with a zero', '[1.50]'],
    ['an exponent', '[1e5]'],
    ['a zero with a sign', '[-0]'],
    ['an integer that may be no safe one', '[1234567890123456]'],
    ['a decimal that rounds to a whole number', '[999999999999999.99]'],
    ['what only Python has', '[NaN]'],
  ])('%s', (_, text) => {
    expect(scanValue(text)).toBe('unusual')
    expect(scanMembers(text, String)?.isPlain).toBe(false)
    expect(parseJson(text)).toBeDefined()
  })
})

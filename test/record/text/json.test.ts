import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { floatMembersOf, parseJson } from '../../../src/record/text/json.ts'
import { MAX_DEPTH, scanMembers } from '../../../src/record/text/json-scan.ts'
import { mutated, seededRandom } from '../random.ts'
import { expectQuick } from '../../processor-time.ts'

/** The texts of the members of each object at the top. */
const scanJson = (text: string) => scanMembers(text, String)?.objects

/** JSON.parse with Python's three additions, told by rule: everything else must agree with it. */
function oracle(text: string): { value: unknown } | undefined {
  // NaN, Infinity and -Infinity count as null; in strings they are text.
  const standard = /[NI]/.test(text)
    ? text.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (token) =>
        token[0] === '"' ? token : 'null',
      )
    : text
  try {
    return { value: JSON.parse(standard) as unknown }
  } catch {
    return undefined
  }
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

/** Whether both say the same: integers beyond 2^53 as their nearest number, no sign on zero, NaN as null. */
function agree(ours: unknown, theirs: unknown): boolean {
  if (typeof ours === 'bigint') return Number(ours) === theirs || (theirs === Infinity && ours > 0n)
  if (typeof ours === 'number') {
    return Number.isFinite(ours) ? ours === theirs : theirs === null || ours === theirs
  }
  if (typeof ours !== 'object' || ours === null) return ours === theirs
  if (typeof theirs !== 'object' || theirs === null) return false
  if (Array.isArray(ours) !== Array.isArray(theirs)) return false
  if (Object.getPrototypeOf(ours) !== Object.getPrototypeOf(theirs)) return false
  const left = Object.keys(ours)
  const right = Object.keys(theirs)
  return (
    left.length === right.length &&
    left.every(
      (key, index) =>
        key === right[index] &&
        agree((ours as Record<string, unknown>)[key], (theirs as Record<string, unknown>)[key]),
    )
  )
}

/** Whether the scanner found the members that the parser found, at the texts they have. */
function spansAgree(text: string, value: unknown): boolean {
  const scanned = scanJson(text)!
  const items = Array.isArray(value) ? (value as unknown[]) : [value]
  return (
    scanned.length === items.length &&
    scanned.every((spans, index) => {
      const item = items[index]
      const isObject = typeof item === 'object' && item !== null && !Array.isArray(item)
      if (!isObject || !spans) return !isObject && !spans
      const read: [string, unknown][] = []
      for (const [key, spelled] of spans) {
        const member = parseJson(spelled)
        if (!member) return false
        read.push([key, member.value])
      }
      return isDeepEqual(Object.fromEntries(read), item)
    })
  )
}

function isDeepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return false
  const left = Object.entries(a)
  const right = Object.entries(b)
  return (
    left.length === right.length &&
    left.every(
      ([key, value], index) => key === right[index]![0] && isDeepEqual(value, right[index]![1]),
    )
  )
}

// A million, save where the tests are run again for every change.
const ROUNDS = process.env['QUICK_TESTS'] === '1' ? 40_000 : 1_000_000

const SEEDS = [
  '["s44we8",{"cart":[{"id":1,"n":2}],"name":"J\\u00fcrg","views":12},{"u":"7"}]',
  '{"_flashes":[{" t":["message","Hi"]}],"_permanent":true,"x":1.0}',
  '{"a":-0.0,"b":1e5,"c":-1.5E-7,"d":[true,false,null],"__proto__":{"x":1},"a":2}',
  ' [ { } , [ ] , "\\"\\\\\\/\\b\\f\\n\\r\\t" , 0 , -0 , { "k" : { } } ] ',
  '{"n":NaN,"i":[Infinity,-Infinity],"big":123456789012345678901234567890,"s":"NaN\\ud83d\\ude00é😀"}',
  '"just text"',
  '12345678901',
  '[[[[[[]]]]],{"":{"":[]}}]',
]
const ALPHABET = '{}[]",:\\ 0123456789.eE+-truefalsnNIity/u\t\n\u0000\u001f\u00a0é\ud83d\ufeff'

describe('the parser and the span scanner agree with JSON.parse', () => {
  test('on a million mutants', () => {
    const random = seededRandom(20_261_120)
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    const differences: string[] = []
    let accepted = 0
    for (let round = 0; round < ROUNDS; round++) {
      let text = SEEDS[round % SEEDS.length]!
      // Mostly one mutation, since most of those are rejected already; sometimes a few.
      do text = mutated(text, ALPHABET, random)
      while (random() < 0.3 && text !== '')
      const theirs = oracle(text)
      const ours = parseJson(text)
      const same =
        theirs === undefined || ours === undefined
          ? theirs === ours && scanJson(text) === undefined
          : agree(ours.value, theirs.value) && spansAgree(text, ours.value)
      if (ours) accepted++
      if (!same) differences.push(text)
    }
    Error.stackTraceLimit = stackTraceLimit
    expect(differences).toEqual([])
    // Both sides of the border were walked.
    expect(accepted).toBeGreaterThan(ROUNDS / 5)
    expect(accepted).toBeLessThan((ROUNDS / 5) * 4)
  })

  test('on every JSON value, in both spellings', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.constantFrom(0, 2, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        const ours = parseJson(text)
        expect(ours && agree(ours.value, JSON.parse(text))).toBe(true)
        expect(spansAgree(text, ours!.value)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('on every character in a string, escaped or not', () => {
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    const differences: string[] = []
    for (let code = 0; code <= 0xffff; code++) {
      const character = String.fromCharCode(code)
      const escape = `\\u${code.toString(16).padStart(4, '0')}`
      for (const text of [`"${character}"`, `"\\${character}"`, `"${escape}"`, `"${character}`]) {
        const theirs = oracle(text)
        const same = parseJson(text)?.value === theirs?.value && !scanJson(text) === !theirs
        if (!same) differences.push(text)
      }
    }
    Error.stackTraceLimit = stackTraceLimit
    expect(differences).toEqual([])
  })
})

describe('where Python and JSON.parse differ, by rule', () => {
  test('NaN and the infinities are numbers, with a sign where Python has one', () => {
    expect(parseJson('[NaN,Infinity,-Infinity]')).toEqual({ value: [NaN, Infinity, -Infinity] })
    for (const text of ['-NaN', '+Infinity', 'nan', 'infinity', 'Infinit', 'NaN1', '--Infinity']) {
      expect(parseJson(text), text).toBeUndefined()
      expect(scanJson(text), text).toBeUndefined()
    }
  })

  test('integers beyond 2^53 are bigints, and exact', () => {
    expect(
      parseJson('[9007199254740991,9007199254740992,-9007199254740991,-9007199254740993]')?.value,
    ).toEqual([9007199254740991, 9007199254740992n, -9007199254740991, -9007199254740993n])
    expect(parseJson('1e400')?.value).toBe(Infinity)
    expect(parseJson('9007199254740993.0')?.value).toBe(9007199254740992)
    expect(parseJson('1E2')?.value).toBe(100)
  })

  test('an integer zero has no sign, a float zero has', () => {
    expect(parseJson('-0')?.value).toBe(0)
    expect(parseJson('-0.0')?.value).toBe(-0)
    expect(parseJson('-0e1')?.value).toBe(-0)
  })

  test('integers of more than 4300 digits are refused, floats are not', () => {
    const digits = '7'.repeat(4300)
    expect(parseJson(digits)?.value).toBe(BigInt(digits))
    expect(parseJson(`-${digits}`)?.value).toBe(-BigInt(digits))
    expect(scanJson(`[-${digits}]`)).toBeDefined()
    for (const text of [`${digits}7`, `-${digits}7`, `[${digits}7]`, `{"a":${digits}7}`]) {
      expect(parseJson(text)).toBeUndefined()
      expect(scanJson(text)).toBeUndefined()
    }
    expect(parseJson(`${digits}.0`)?.value).toBe(Infinity)
    expect(parseJson(`0.${digits}`)?.value).toBeCloseTo(0.7777, 3)
    expect(parseJson(`"${digits}7"`)?.value).toBe(`${digits}7`)
  })

  test('nesting is accepted up to 64 levels and no deeper', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const nested = (depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`
      expect(parseJson(nested(MAX_DEPTH))).toBeDefined()
      expect(scanJson(nested(MAX_DEPTH))).toBeDefined()
      expect(parseJson(nested(MAX_DEPTH + 1))).toBeUndefined()
      expect(scanJson(nested(MAX_DEPTH + 1))).toBeUndefined()
      expect(depthOf(parseJson(nested(MAX_DEPTH))!.value)).toBe(64)
    }
    const siblings = `[${`${'['.repeat(63)}${']'.repeat(63)},`.repeat(3)}0]`
    expect(parseJson(siblings)).toBeDefined()
  })
})

describe('hostile text', () => {
  test('no nesting overflows the stack', () => {
    for (const text of [
      '['.repeat(5_000_000),
      '{"a":'.repeat(1_000_000),
      '[{"a":'.repeat(1_000_000),
    ]) {
      expect(parseJson(text)).toBeUndefined()
      expect(scanJson(text)).toBeUndefined()
    }
  })

  test('time is linear in the length of the text', async () => {
    const texts = [
      `"${'\\u0041'.repeat(200_000)}"`,
      `[${'1,'.repeat(500_000)}1]`,
      `{${'"a":1,'.repeat(200_000)}"a":1}`,
      `"${'\\'.repeat(1_000_000)}"`,
      ' '.repeat(1_000_000),
      `[${'"a'.repeat(400_000)}`,
      '-'.repeat(1_000_000),
      '9'.repeat(1_000_000),
    ]
    for (const text of texts) {
      await expectQuick(() => [parseJson(text), scanJson(text)], text.slice(0, 12))
    }
  })

  test('__proto__, constructor and their kind are ordinary keys', () => {
    const { value } = parseJson('{"__proto__":{"admin":true},"constructor":1,"toString":2}')!
    const object = value as Record<string, unknown>
    expect(Object.keys(object)).toEqual(['__proto__', 'constructor', 'toString'])
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype)
    expect(Object.getOwnPropertyDescriptor(object, '__proto__')).toEqual({
      value: { admin: true },
      configurable: true,
      enumerable: true,
      writable: true,
    })
    expect(object['admin']).toBeUndefined()
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
    expect([...scanJson('{"__proto__":{"admin":true}}')![0]!.keys()]).toEqual(['__proto__'])
  })

  test('of duplicate keys the last value counts, in the first position', () => {
    const text = '{"a":1,"b":2,"\\u0061":{"c":3}}'
    expect(Object.entries(parseJson(text)!.value as object)).toEqual([
      ['a', expect.objectContaining({ c: 3 })],
      ['b', 2],
    ])
    expect([...scanJson(text)![0]!]).toEqual([
      ['a', '{"c":3}'],
      ['b', '2'],
    ])
  })
})

describe('spans', () => {
  const texts = (text: string) => scanJson(text)?.map((members) => members && [...members])

  test.each([
    ['{}', [[]]],
    ['[]', []],
    [
      ' { "a" : [ 1 , {"b":2} ] , "c":"x" } ',
      [
        [
          ['a', '[ 1 , {"b":2} ]'],
          ['c', '"x"'],
        ],
      ],
    ],
    ['[{"a":1},{"b":{}}]', [[['a', '1']], [['b', '{}']]]],
    [
      '[1,{"a":[{"x":1}]},[{"b":2}],"s",{}]',
      [undefined, [['a', '[{"x":1}]']], undefined, undefined, []],
    ],
    ['1', [undefined]],
    ['[[{"a":1}],{"b":[[]]}]', [undefined, [['b', '[[]]']]]],
    [
      '{"a":{"b":1},"c":{"d":{"e":2}}}',
      [
        [
          ['a', '{"b":1}'],
          ['c', '{"d":{"e":2}}'],
        ],
      ],
    ],
  ])('%j', (text, expected) => expect(texts(text)).toEqual(expected))
})

describe('floats that are whole', () => {
  test('are remembered where they stood, until another value takes their place', () => {
    const members = (text: string) => {
      const floats = floatMembersOf(parseJson(text)!.value as object)
      return floats && [...floats]
    }
    expect(members('{"a":1.0,"b":1,"c":1.5,"d":1e2}')).toEqual([
      ['a', 1],
      ['d', 100],
    ])
    expect(members('[1,2.0,-0.0,1e300]')).toEqual([[1, 2]])
    expect(members('{"a":1}')).toBeUndefined()
    for (const last of ['1', '"x"', 'null', '[]', '{}', '2.5']) {
      expect(members(`{"a":1.0,"a":${last}}`), last).toEqual([])
    }
  })

  test('a reviver is told of them, and of how many members there are', () => {
    const seen: unknown[] = []
    parseJson('[{"a":1.0},{"a":1,"a":2},{"b":{"c":[]}}]', (object, size, floats) => {
      seen.push([Object.keys(object), size, floats?.has('a') ?? false])
      return object
    })
    expect(seen).toEqual([
      [['a'], 1, true],
      [['a'], 1, false],
      [['c'], 1, false],
      [['b'], 1, false],
    ])
  })
})

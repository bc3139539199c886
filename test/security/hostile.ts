/** Values that other libraries change, lose or trip over: what a session keeps, what it refuses. */

import { markup, tuple, uuid } from '../../src/flask/flask.ts'

/** Text that is easily mangled: as values, keys, user ids, labels, and whatever else is text. */
export const TEXTS: readonly string[] = [
  '\u0000',
  'a\u0000b',
  '\\u0000',
  '\u0001\u001f\u007f\u0080\u009f',
  ' a ',
  'a\r\nb',
  '"\\/',
  "'; DROP TABLE sessions; --",
  '\u2028\u2029',
  '\ufeffbom',
  '\u00e9',
  'e\u0301',
  '\u0130i',
  '\ufffd\ufffe\uffff',
  '\u{10000}\u{10ffff}',
  '\u{1f469}\u200d\u{1f680}',
  '</script><!--',
  '%00%0d%0a',
  ' t',
  ' di',
  ' t__',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'then',
  'toJSON',
  'length',
  '0',
  'NaN',
  'null',
]

/** Text that is no Unicode: two of them are one to whoever writes UTF-8. */
export const HALF_PAIRS: readonly string[] = ['\ud800', '\udfff', 'a\udc00b', '\udc00\ud800']

/** An object with own members of any names; `{}` would take `__proto__` for something else. */
export const objectOf = (...members: [name: string, value: unknown][]): object => {
  const object = {}
  for (const [name, value] of members) {
    Object.defineProperty(object, name, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    })
  }
  return object
}

/** With a `toJSON` that is no part of the data, and would be called by `JSON.stringify`. */
function hiding(value: object): object {
  return Object.defineProperty(value, 'toJSON', { value: () => 'else' })
}

/** What a session keeps, exactly. */
export const KEPT: readonly [name: string, value: unknown][] = [
  ['nothing', null],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['1e400', Number('1e400')],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['negative zero', -0],
  ['2^53 - 1', 2 ** 53 - 1],
  ['2^53', 2 ** 53],
  ['2^53 + 2', 2 ** 53 + 2],
  ['-2^53', -(2 ** 53)],
  ['the largest number', Number.MAX_VALUE],
  ['the smallest number', Number.MIN_VALUE],
  ['1e21', 1e21],
  ['1e-7', 1e-7],
  ['a bigint of 2^53 + 1', 2n ** 53n + 1n],
  ['a bigint of 256 bits', -(2n ** 256n)],
  ['a whole second', new Date(1_700_000_000_000)],
  ['the beginning of the year 1970', new Date(0)],
  ['bytes', new Uint8Array([0, 1, 127, 128, 255])],
  ['no bytes', new Uint8Array()],
  ['a tuple', tuple(1, tuple(), 'a')],
  ['markup', markup('<b>\u0000</b>')],
  ['a UUID', uuid('0123abcd-4567-89ef-0123-456789abcdef')],
  ['an object without prototype', Object.assign(Object.create(null) as object, { a: 1 })],
  ['a frozen object', Object.freeze({ a: Object.freeze([1]) })],
  ['a tag as an object of the app', { ' t': [1] }],
  ['an escaped tag as one', { ' di': { ' t__': 1 } }],
  [
    'members with accessors',
    {
      get a() {
        return [1]
      },
    },
  ],
  ['an object with a hidden toJSON', hiding({ a: 1 })],
  ['a list with a hidden toJSON', hiding([1])],
  ['a proxy', new Proxy({ a: [new Proxy([1], {})] }, {})],
  ['an object that promises nothing', objectOf(['then', 1], ['catch', []], ['toJSON', null])],
  [
    'a prototype as data',
    objectOf(['__proto__', { isAdmin: true }], ['constructor', { prototype: 1 }]),
  ],
  ['names of members', objectOf(...TEXTS.map((text, at): [string, number] => [text, at]))],
  [
    'names that are no Unicode',
    objectOf(...HALF_PAIRS.map((text, at): [string, number] => [text, at])),
  ],
  ['texts', [...TEXTS]],
  ['texts that are no Unicode', [...HALF_PAIRS]],
]

/** What Python writes, and only the preset keeps. */
export const KEPT_BY_FLASK: readonly [name: string, value: unknown][] = [['NaN', Number.NaN]]

/** What our own format keeps, and Flask's refuses or has another type for. */
export const KEPT_BY_OUR_OWN: readonly [name: string, value: unknown][] = [
  ['a small bigint', -7n],
  ['a bigint of zero', 0n],
  ['a bigint of 2^53 - 1', 2n ** 53n - 1n],
  ['a millisecond', new Date(1_700_000_000_001)],
  ['the last date', new Date(8.64e15)],
  ['the first date', new Date(-8.64e15)],
]

const cycle: { self?: unknown } = {}
cycle.self = [cycle]
const ring: unknown[] = []
ring.push({ ring })

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable([], {})
  revoke()
  return proxy
}

/** What says of itself that it is one of the library's own values, and is not. */
function impostor(kind: string, fields: object): unknown {
  return Object.assign(Object.create({ [Symbol.for('sojourn.kind')]: kind }) as object, fields)
}

/** What a session refuses when it is set. */
export const REFUSED: readonly [name: string, value: unknown][] = [
  ['undefined', undefined],
  ['a function', () => 1],
  ['a class', class {}],
  ['a symbol', Symbol.iterator],
  ['an invalid date', new Date(Number.NaN)],
  ['a date beyond the last', new Date(8.64e15 + 1)],
  ['a Map', new Map([['a', 1]])],
  ['a Set', new Set([1])],
  ['a WeakMap', new WeakMap()],
  ['a promise', Promise.resolve(1)],
  ['a thenable', objectOf(['then', (resolve: (value: number) => void) => resolve(1)])],
  ['an object with toJSON', { toJSON: () => 'else' }],
  [
    'an instance',
    new (class Point {
      x = 1
    })(),
  ],
  [
    'an instance with toJSON',
    new (class {
      toJSON() {
        return 1
      }
    })(),
  ],
  ['an error', new Error('a')],
  ['an expression', /a/],
  ['a URL', new URL('http://localhost')],
  ['a boxed text', Object('a')],
  ['a boxed bigint', Object(1n)],
  [
    'a generator',
    (function* () {
      yield 1
    })(),
  ],
  ['other typed arrays', new Float64Array(1)],
  ['a buffer of bytes', new ArrayBuffer(1)],
  ['this realm', globalThis],
  ['an inherited object', Object.create({ a: 1 })],
  ['an object that contains itself', cycle],
  ['a list that contains itself', ring],
  [
    'a getter that throws',
    {
      get a() {
        throw new Error('thrown')
      },
    },
  ],
  ['a revoked proxy', revoked()],
  [
    'a proxy that throws',
    new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('thrown')
        },
      },
    ),
  ],
  [
    'a class that throws',
    Object.create({
      get constructor() {
        throw new Error('thrown')
      },
    }),
  ],
  ['an impostor of Markup', impostor('markup', { html: 5 })],
  ['an impostor of a UUID', impostor('uuid', {})],
  ['an impostor of a float', impostor('float', { float: '1"' })],
  ['a hole', Array(2)],
  ['undefined in a list', [undefined]],
  ['an integer of 4301 digits', 10n ** 4300n],
]

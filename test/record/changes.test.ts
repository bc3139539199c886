import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Change, REMOVE } from '../../src/record/changes.ts'
import { replay } from '../../src/record/replay.ts'
import { createCodec } from '../../src/record/text/codec.ts'
import {
  asFlash,
  authenticatedAtOf,
  isEmpty,
  isPermanent,
  labelOf,
  newRecord,
  ownLayout,
  type SessionRecord,
  setMeta,
  userIdOf,
  waitingItems,
} from '../../src/record/record.ts'
import { ownTags } from '../../src/record/text/tags.ts'

const layout = ownLayout(createCodec({ tags: ownTags, sortKeys: false, ascii: false }))
const record = (text: string) => layout.decode(text)!
const after = (text: string, ...changes: Change[]) =>
  layout.encode(replay(record(text), changes, layout))
const set = (key: string, value: unknown): Change => ({
  do: 'set',
  key,
  text: JSON.stringify(value),
})
const item = (message: string, category = 'message') => [category, message]

describe('a record', () => {
  test('is the list of what the library knows and what the app keeps', () => {
    const text = '["5",{"x":1.0},{"a":6,"u":"7","p":true,"l":"phone","f":[["message","Hi"]]}]'
    const read = record(text)
    expect(layout.encode(read)).toBe(text)
    expect(read.stamp.created).toBe(5)
    expect(authenticatedAtOf(read, layout)).toBe(6)
    expect(userIdOf(read, layout)).toBe('7')
    expect(isPermanent(read, layout)).toBe(true)
    expect(labelOf(read, layout)).toBe('phone')
    expect(waitingItems(read, layout)).toEqual([['message', 'Hi']])
    expect(layout.encode(newRecord(layout, 9))).toBe('["9",{}]')
  })

  test.each([
    '',
    '{}',
    '[]',
    '[{}]',
    '["",{},{},{}]',
    '["",[]]',
    '[[],{}]',
    '[1,{}]',
    '["1.toolongnonce",{}]',
    '["1.abcde",{}]',
    '["A",{}]',
    '["1",{},[]]',
    ' ["",{}]',
    '["",{"a":{" t":0}}]',
    '["",{}',
  ])('%j is none', (text) => expect(layout.decode(text)).toBeUndefined())

  test('facts of another type count as none', () => {
    const odd = record('["",{},{"c":"5","n":7,"a":[],"u":7,"l":1,"f":"x"}]')
    expect([
      odd.stamp.created,
      authenticatedAtOf(odd, layout),
      userIdOf(odd, layout),
      labelOf(odd, layout),
    ]).toEqual([undefined, undefined, undefined, undefined])
    expect(waitingItems(odd, layout)).toEqual([])
    expect(userIdOf(record('["",{},{"u":""}]'), layout)).toBeUndefined()
    expect(isPermanent(record('["",{},{"p":false}]'), layout)).toBe(false)
  })

  test('is empty without data, messages and user', () => {
    for (const text of ['["",{}]', '["1",{},{"p":true,"l":"x","a":5}]'])
      expect(isEmpty(record(text), layout), text).toBe(true)
    for (const text of ['["",{"a":1}]', '["",{},{"f":[]}]', '["",{},{"u":"1"}]'])
      expect(isEmpty(record(text), layout), text).toBe(false)
  })

  test('a fact is put where the layout keeps it, or nowhere', () => {
    const own = record('["",{}]')
    setMeta(own, 'l', 'x', layout)
    setMeta(own, undefined, 'x', layout)
    expect(layout.encode(own)).toBe('["",{},{"l":"x"}]')
    setMeta(own, 'l', undefined, layout)
    expect(layout.encode(own)).toBe('["",{}]')
  })

  test('a message is a pair of category and text; anything else is none', () => {
    expect(asFlash(['error', 'x'])).toEqual({ category: 'error', message: 'x' })
    expect(asFlash([5, 'x'])).toEqual({ category: '5', message: 'x' })
    for (const other of [[], ['a'], ['a', 'b', 'c'], 'ab', null, { 0: 'a', 1: 'b', length: 2 }])
      expect(asFlash(other)).toBeUndefined()
  })

  test('a copy can be changed without the original', () => {
    const original = record('["1",{"a":1}]')
    const copy = layout.copy(original)
    copy.data.set('b', { text: '2' })
    copy.stamp = { created: 2, nonce: undefined }
    copy.meta.set('p', { text: 'true' })
    expect(layout.encode(original)).toBe('["1",{"a":1}]')
  })
})

describe('replay', () => {
  test('sets, deletes and updates, and untouched keys keep their place and bytes', () => {
    expect(after('["1",{"f":1.0,"x":1,"o":{ "b" : [] }}]', set('x', 2), set('new', 'n'))).toBe(
      '["1",{"f":1.0,"x":2,"o":{ "b" : [] },"new":"n"}]',
    )
    expect(
      after('["",{"x":1,"y":2}]', { do: 'delete', key: 'x' }, { do: 'delete', key: 'z' }),
    ).toBe('["",{"y":2}]')
    const count: Change = { do: 'update', key: 'n', fn: (n = 0) => n + 1 }
    expect(after('["",{"n":1,"y":2}]', count, count)).toBe('["",{"n":3,"y":2}]')
    expect(after('["",{}]', count)).toBe('["",{"n":1}]')
    expect(after('["",{"n":1,"y":2}]', { do: 'update', key: 'n', fn: () => REMOVE })).toBe(
      '["",{"y":2}]',
    )
  })

  test('an update gets a value of its own', () => {
    const base = record('["",{"list":[1]}]')
    const push: Change = { do: 'update', key: 'list', fn: (list: number[]) => (list.push(2), list) }
    expect(layout.encode(replay(base, [push], layout))).toBe('["",{"list":[1,2]}]')
    expect(layout.encode(base)).toBe('["",{"list":[1]}]')
    expect(layout.encode(replay(base, [push], layout))).toBe('["",{"list":[1,2]}]')
  })

  test('an update that gives a promise, or something that cannot be kept, is refused', () => {
    const update = (fn: () => unknown) => () => after('["",{}]', { do: 'update', key: 'k', fn })
    expect(update(() => Promise.resolve(1))).toThrow(
      expect.objectContaining({
        code: 'ERR_UPDATE_ASYNC',
        message: expect.stringContaining('update("k")'),
      }),
    )
    expect(update(() => new Map())).toThrow(
      expect.objectContaining({ code: 'ERR_VALUE_UNSUPPORTED' }),
    )
    expect(
      update(() => {
        throw new RangeError('spent')
      }),
    ).toThrow(RangeError)
  })

  test('clear takes everything, who is signed in included', () => {
    expect(
      after('["1",{"x":1},{"u":"7","p":true,"f":[["a","b"]]}]', { do: 'clear' }, set('y', 1)),
    ).toBe('["1",{"y":1}]')
  })

  test('facts', () => {
    expect(after('["",{}]', { do: 'permanent', on: true }, { do: 'label', label: 'x' })).toBe(
      '["",{},{"p":true,"l":"x"}]',
    )
    expect(
      after(
        '["",{},{"p":true,"l":"x"}]',
        { do: 'permanent', on: false },
        { do: 'label', label: undefined },
      ),
    ).toBe('["",{},{"p":false}]')
    expect(after('["1",{"x":1}]', { do: 'regenerate' })).toBe('["1",{"x":1}]')
  })

  test('messages are added in order, and exactly those shown are taken, each once', () => {
    const flash = (message: string): Change => ({ do: 'flash', item: item(message) })
    expect(after('["",{}]', flash('a'), flash('b'))).toBe(
      '["",{},{"f":[["message","a"],["message","b"]]}]',
    )
    const text = (message: string) => JSON.stringify(item(message))
    const waiting = '["",{},{"f":[["message","a"],["message","b"],["message","a"]]}]'
    expect(after(waiting, { do: 'consume', shown: [text('a')] })).toBe(
      '["",{},{"f":[["message","b"],["message","a"]]}]',
    )
    expect(after(waiting, { do: 'consume', shown: [text('a'), text('a'), text('b')] })).toBe(
      '["",{}]',
    )
    expect(after(waiting, { do: 'consume', shown: [text('x')] })).toBe(waiting)
    expect(after(waiting, { do: 'consume', shown: 'all' })).toBe('["",{}]')
  })

  describe('login', () => {
    const login = (userId: string, at = 50): Change => ({ do: 'login', userId, at })
    const mine = '["1",{"cart":[1]},{"p":true,"l":"phone","f":[["m","x"]],"u":"a","a":2}]'

    test("keeps an anonymous visitor's data and the same user's", () => {
      expect(after('["1",{"cart":[1]}]', login('a'))).toBe('["1",{"cart":[1]},{"u":"a","a":50}]')
      expect(after(mine, login('a'))).toBe(mine.replace('"a":2', '"a":50'))
    })

    test.each<[string, Change[], unknown[]]>([
      ['before the call', [login('b'), set('x', 1)], ['1e', { x: 1 }, { u: 'b', a: 50 }]],
      ['after the call', [set('x', 1), login('b')], ['1e', { x: 1 }, { u: 'b', a: 50 }]],
      [
        'for that user',
        [login('b', 40), set('x', 1), login('b')],
        ['14', { x: 1 }, { u: 'b', a: 50 }],
      ],
    ])('begins anew for another user, with what this request wrote %s', (_, changes, expected) => {
      expect(JSON.parse(after(mine, ...changes))).toEqual(expected)
    })

    test('the second of two, as another user, leaves nothing of what came before it', () => {
      for (const first of ['a', 'c']) {
        const changes = [login(first, 40), set('x', 1), login('b'), set('y', 1)]
        expect(JSON.parse(after(mine, ...changes))).toEqual(['1e', { y: 1 }, { u: 'b', a: 50 }])
        expect(JSON.parse(after('["1",{"old":1}]', ...changes))).toEqual([
          '1e',
          { y: 1 },
          { u: 'b', a: 50 },
        ])
      }
    })

    test('after a logout has nothing of the old user to clear', () => {
      expect(after(mine, { do: 'logout', keep: ['cart'], at: 40 }, login('b'))).toBe(
        '["14",{"cart":[1]},{"u":"b","a":50}]',
      )
      expect(after(mine, login('b'), { do: 'logout', keep: ['cart'], at: 60 })).toBe('["1o",{}]')
    })
  })

  test('logout leaves what is kept, and nothing else', () => {
    const base = '["1",{"lang":"de","cart":[1]},{"p":true,"l":"x","f":[["m","x"]],"u":"a","a":2}]'
    expect(after(base, { do: 'logout', keep: [], at: 9 })).toBe('["9",{}]')
    expect(after(base, { do: 'logout', keep: ['lang', 'none'], at: 9 })).toBe('["9",{"lang":"de"}]')
    expect(
      after(base, set('lang', 'fr'), { do: 'logout', keep: ['lang'], at: 9 }, set('y', 1)),
    ).toBe('["9",{"lang":"fr","y":1}]')
  })

  const change: fc.Arbitrary<Change> = fc.oneof(
    fc.record({
      do: fc.constant('set' as const),
      key: fc.constantFrom('a', 'b', '__proto__'),
      text: fc.constantFrom('1', '"x"', '[1.0]', '{"y":[]}'),
    }),
    fc.record({ do: fc.constant('delete' as const), key: fc.constantFrom('a', 'b', 'c') }),
    fc.record({
      do: fc.constant('update' as const),
      key: fc.constantFrom('a', 'b', 'n'),
      fn: fc.constantFrom(
        (value: unknown) => [value ?? 0],
        () => REMOVE,
        (value: unknown) => (Array.isArray(value) && value.push(1), value ?? REMOVE),
      ),
    }),
    fc.constant<Change>({ do: 'clear' }),
    fc.constantFrom('m', 'n').map((text): Change => ({ do: 'flash', item: item(text) })),
    fc.constantFrom<Change>(
      { do: 'consume', shown: ['["message","m"]'] },
      { do: 'consume', shown: 'all' },
    ),
    fc.boolean().map((on): Change => ({ do: 'permanent', on })),
    fc.constant<Change>({ do: 'regenerate' }),
    fc.constantFrom('u1', 'u2').map((userId): Change => ({ do: 'login', userId, at: 50 })),
    fc.constantFrom<Change>(
      { do: 'logout', keep: ['a'], at: 60 },
      { do: 'logout', keep: [], at: 60 },
    ),
  )
  const bases = fc.constantFrom(
    '["1",{}]',
    '["1",{"a":[1],"b":1.0},{"u":"u1","a":2}]',
    '["1",{"n":[0],"a":{"x":1}},{"f":[["message","m"],["message","m"]]}]',
  )

  test('is pure: the same changes on the same record give the same, and neither is touched', () => {
    fc.assert(
      fc.property(bases, fc.array(change, { maxLength: 8 }), (text, changes) => {
        const base = frozen(record(text))
        const list = Object.freeze(changes.map((one) => Object.freeze(one)))
        const first = layout.encode(replay(base, list, layout))
        expect(layout.encode(replay(base, list, layout))).toBe(first)
        expect(layout.encode(base)).toBe(text)
        expect(layout.decode(first)).toBeDefined()
      }),
      { numRuns: 2000 },
    )
  })

  test("never leaves another user's data behind", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
        const base = record('["1",{"private":1},{"u":"u1","a":2}]')
        const result = replay(base, changes, layout)
        if (userIdOf(result, layout) !== 'u1') expect(result.data.has('private')).toBe(false)
      }),
      { numRuns: 3000 },
    )
  })
})

/** A record whose maps throw when they are written to. */
function frozen({ data, meta, stamp }: SessionRecord): SessionRecord {
  for (const map of [data, meta]) {
    for (const field of map.values()) Object.defineProperty(field, 'text', { writable: false })
    for (const verb of ['set', 'delete', 'clear'] as const) {
      Object.defineProperty(map, verb, {
        value: () => {
          throw new Error(`${verb} on the base`)
        },
      })
    }
  }
  return Object.freeze({ data, meta, stamp })
}

describe('each change does its own part and no more', () => {
  const full = '["1",{"x":1},{"u":"a","a":2,"p":true,"l":"phone","f":[["message","Hi"]]}]'
  test.each<[string, Change, string]>([
    [
      'consumed messages',
      { do: 'consume', shown: 'all' },
      '["1",{"x":1},{"u":"a","a":2,"p":true,"l":"phone"}]',
    ],
    ['permanent', { do: 'permanent', on: false }, full.replace('true', 'false')],
    ['a label', { do: 'label', label: 'tablet' }, full.replace('phone', 'tablet')],
    ['regenerate', { do: 'regenerate' }, full],
    ['a flash', { do: 'flash', item: item('Ho') }, full.replace('"Hi"]', '"Hi"],["message","Ho"]')],
    ['clear', { do: 'clear' }, '["1",{}]'],
  ])('%s', (_, change, expected) => expect(after(full, change)).toBe(expected))
})

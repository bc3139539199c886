import { describe, expect, test } from 'vitest'
import { type Codec, createCodec } from '../../src/record/text/codec.ts'
import {
  copyFields,
  type Field,
  freshValue,
  givenField,
  hasDrifted,
  isUnspelled,
  liveValue,
  splitFields,
} from '../../src/record/fields.ts'
import { ownTags } from '../../src/record/text/tags.ts'

const codec = createCodec({ tags: ownTags, sortKeys: false, ascii: false })

describe('fields', () => {
  test('keep the bytes another writer gave them', () => {
    const text =
      '{"f": 1.0 ,"e":1e2,"big":123456789012345678901,"esc":"\\u0041\\/","o":{ "b" : [ ] },"t":{" t": [1]}}'
    const [fields] = splitFields(text, codec)!
    expect([...fields!].map(([key, field]) => [key, field.text])).toEqual([
      ['f', '1.0'],
      ['e', '1e2'],
      ['big', '123456789012345678901'],
      ['esc', '"\\u0041\\/"'],
      ['o', '{ "b" : [ ] }'],
      ['t', '{" t": [1]}'],
    ])
    expect(codec.join(fields!)).toBe(
      '{"f":1.0,"e":1e2,"big":123456789012345678901,"esc":"\\u0041\\/","o":{ "b" : [ ] },"t":{" t": [1]}}',
    )
  })

  test('are decoded when somebody asks, once, and not before', () => {
    let decoded = 0
    const counting: Codec = { ...codec, decode: (text) => (decoded++, codec.decode(text)) }
    const [fields] = splitFields('{"a":{"x":1},"b":[2]}', counting)!
    expect(decoded).toBe(0)
    const a = liveValue(fields!.get('a')!, counting)
    expect(liveValue(fields!.get('a')!, counting)).toBe(a)
    expect(decoded).toBe(1)
    expect(freshValue(fields!.get('a')!, counting)).not.toBe(a)
    expect(freshValue(fields!.get('a')!, counting)).toEqual(a)
  })

  test.each([
    '',
    '{',
    '{"a":}',
    '[{},]',
    '{"a":{" t":1}}',
    '[{},{"a":[{" b":1}]}]',
    '{"a":{"\\u0020t":1}}',
  ])('%j opens not at all', (text) => expect(splitFields(text, codec)).toBeUndefined())

  test('what is no object has no fields', () => {
    expect(splitFields('[1,{},[{}],"x"]', codec)).toEqual([
      undefined,
      new Map(),
      undefined,
      undefined,
    ])
    expect(splitFields('7', codec)).toEqual([undefined])
  })
})

describe('drift', () => {
  const drifts = (text: string, change: (value: any) => void) => {
    const field: Field = { text }
    change(liveValue(field, codec))
    return hasDrifted(field, 'x', codec)
  }

  test.each([
    ['[1]', (value: number[]) => value.push(2)],
    ['{"a":{"b":1}}', (value: { a: { b: number } }) => (value.a.b = 2)],
    ['{"a":1}', (value: { a?: number }) => delete value.a],
    ['{"a":1,"b":2}', (value: { a?: number }) => ((value.a = undefined as never), 0)],
    ['{" D":5}', (value: Date) => value.setTime(6)],
    ['{" b":"AQI="}', (value: Uint8Array) => (value[0] = 9)],
    ['[1.0]', (value: number[]) => (value[0] = 2)],
    ['[[],[]]', (value: unknown[]) => (value[0] = value[1] = {})],
    ['["1"]', (value: unknown[]) => (value[0] = 1)],
    [
      '{"a":1,"b":2}',
      (value: { a?: number }) => {
        delete value.a
        value.a = 1
      },
    ],
  ])('a change inside %s is found', (text, change) => expect(drifts(text, change)).toBe(true))

  test.each([
    '{"a":[1.0,{"b":null}]}',
    '{ "b" : 1, "a" : [ ] }',
    '["\\u0041\\/é"]',
    '[1e2,-0,-0.0,NaN,123456789012345678901]',
    '{"2":1,"1":2}',
    '{"a":1,"a":2}',
    '{" t":[{" D":5}]}',
    '{" di":{" t__":1}}',
    '{" D":5}',
  ])('reading %s is no change', (text) => expect(drifts(text, () => {})).toBe(false))

  test('putting things back is no change', () => {
    expect(drifts('[1,2]', (value: number[]) => (value.push(3), value.pop()))).toBe(false)
  })

  test('a value that was not handed out, or cannot change, is not looked at', () => {
    const never: Codec = {
      ...codec,
      encode: () => {
        throw new Error('not to be called')
      },
    }
    expect(hasDrifted({ text: '[1]' }, 'x', never)).toBe(false)
    expect(hasDrifted({ text: '1', live: { value: 1 } }, 'x', never)).toBe(false)
    expect(hasDrifted({ text: 'null', live: { value: null } }, 'x', never)).toBe(false)
  })
})

describe('an object that the app gave', () => {
  test('is spelled once, when its text is first asked for', () => {
    let encoded = 0
    const counting: Codec = {
      ...codec,
      encode: (value, key) => (encoded++, codec.encode(value, key)),
    }
    const list = [1]
    const field = givenField(list, 'x', counting)
    expect(isUnspelled(field)).toBe(true)
    expect(hasDrifted(field, 'x', counting)).toBe(false)
    expect(encoded).toBe(0)
    list.push(2)
    expect(field.text).toBe('[1,2]')
    expect(isUnspelled(field)).toBe(false)
    list.push(3)
    expect(field.text).toBe('[1,2]')
    expect(encoded).toBe(1)
    expect(hasDrifted(field, 'x', counting)).toBe(true)
  })

  test('is checked at once, and what has a tag is spelled at once', () => {
    expect(() => givenField({ a: new Map() }, 'x', codec)).toThrow(/"x"/)
    const field = givenField([new Date(5)], 'x', codec)
    expect(isUnspelled(field)).toBe(false)
    expect(field.text).toBe('[{" D":5}]')
    expect(givenField(null, 'x', codec).text).toBe('null')
    expect(givenField('é"', 'x', codec).text).toBe('"é\\""')
  })
})

test('a copy has the same fields in the same order, and is another dictionary', () => {
  const [fields] = splitFields('{"b":1,"a":2}', codec)!
  const copy = copyFields(fields!)
  copy.delete('b')
  expect([...fields!.keys()]).toEqual(['b', 'a'])
  expect([...copyFields(fields!)]).toEqual([...fields!])
})

import { describe, expect, test } from 'vitest'
import {
  float,
  isFloat,
  isMarkup,
  isTuple,
  isUuid,
  markup,
  tuple,
  uuid,
} from '../../../src/record/text/values.ts'

describe('values JavaScript has no type for', () => {
  test('a tuple reads like an array and is frozen', () => {
    const pair = tuple('a', 1)
    expect([...pair]).toEqual(['a', 1])
    expect(Object.isFrozen(pair)).toBe(true)
    expect(isTuple(pair)).toBe(true)
    expect(Object.keys(pair)).toEqual(['0', '1'])
    for (const other of [['a', 1], null, undefined, 'ab', { 0: 'a', length: 1 }])
      expect(isTuple(other)).toBe(false)
  })

  test('markup gives its HTML wherever text is wanted', () => {
    const html = markup('<b>&</b>')
    expect(html.html).toBe('<b>&</b>')
    expect(`${html.toString()}|${JSON.stringify([html])}|${String(html)}`).toBe(
      '<b>&</b>|["<b>&</b>"]|<b>&</b>',
    )
    expect(Object.isFrozen(html)).toBe(true)
    expect([isMarkup(html), isUuid(html), isFloat(html)]).toEqual([true, false, false])
    for (const other of [{ html: '<b>' }, '<b>', null, undefined])
      expect(isMarkup(other)).toBe(false)
  })

  test('a UUID takes its digits with or without dashes, in either case', () => {
    const dashed = '0123abcd-4567-89ef-0123-456789abcdef'
    for (const text of [dashed, dashed.toUpperCase(), dashed.replaceAll('-', '')]) {
      expect(uuid(text).uuid).toBe(dashed)
      expect(String(uuid(text))).toBe(dashed)
    }
    expect([isMarkup(uuid(dashed)), isUuid(uuid(dashed))]).toEqual([false, true])
    for (const text of ['', dashed.slice(1), `${dashed}0`, dashed.replace('0', 'g')]) {
      expect(() => uuid(text)).toThrow(TypeError)
    }
  })

  test('a float is a number marked for Python', () => {
    expect(isFloat(float(1))).toBe(true)
    expect(float(1).float).toBe(1)
    expect(float(1).valueOf() + 1).toBe(2)
    expect([isFloat(1), isMarkup(float(1)), isUuid(float(1))]).toEqual([false, false, false])
  })
})

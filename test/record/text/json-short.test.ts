import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJson } from '../../../src/record/text/json.ts'
import { plainValue, scanValue } from '../../../src/record/text/json-scan.ts'

describe('short texts', () => {
  const read = (text: string) =>
    scanValue(text) === 'plain' ? { value: plainValue(text) } : parseJson(text)
  // A space before it keeps a text off the short way.
  const walked = (text: string) => parseJson(` ${text}`)

  test.each([
    '0',
    '7',
    '10',
    '999999999999999',
    '1000000000000000',
    '9007199254740993',
    '-1',
    '-0',
    '00',
    '01',
    '1.0',
    '1e3',
    '',
    ' 1',
    '1\n',
    '+1',
    '٣',
    'true',
    'false',
    'null',
    'True',
    'nulll',
    'NaN',
    'undefined',
  ])('%j reads as the walk reads it', (text) => {
    expect(read(text)).toEqual(walked(text))
  })

  test('any number reads as the walk reads it', () => {
    const numbers = fc.oneof(fc.bigInt().map(String), fc.nat().map(String), fc.double().map(String))
    fc.assert(
      fc.property(numbers, (text) => {
        expect(read(text)).toEqual(walked(text))
      }),
    )
  })
})

import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { spellFloat, spellNumber } from '../../../src/record/text/number.ts'
import { seededRandom } from '../random.ts'

describe('floats are spelled as Python spells them', () => {
  test('against python3, on 20 000 floats of all sizes and on the edges', () => {
    const random = seededRandom(5)
    const view = new DataView(new ArrayBuffer(8))
    const edges = [
      0, -0, 1e-4, 9.9999e-5, 1e15, 1e16, 9.999999999999999e15, 1e17, 123456789012345680, 1e21,
      1e22,
    ]
    const floats = [
      ...edges,
      ...edges.map((edge) => -edge),
      5e-324,
      1.7976931348623157e308,
      2 ** 53,
      0.1,
      1 / 3,
      1e100,
    ]
    for (let count = 0; count < 10_000; count++) {
      view.setUint32(0, random() * 2 ** 32)
      view.setUint32(4, random() * 2 ** 32)
      floats.push(view.getFloat64(0))
      floats.push(
        Math.round((random() - 0.5) * 10 ** (random() * 24)) / 10 ** Math.floor(random() * 8),
      )
    }
    const numbers = floats.filter(Number.isFinite)
    const bytes = Buffer.from(Float64Array.from(numbers).buffer)
    const program =
      'import struct,sys;d=sys.stdin.buffer.read();print("\\n".join(map(repr,struct.unpack("<%dd"%(len(d)//8),d))))'
    const python = execFileSync('/usr/bin/env', ['python3', '-c', program], {
      input: bytes,
      encoding: 'utf8',
    })
    expect(numbers.map(spellFloat)).toEqual(python.trimEnd().split('\n'))
  })

  test.each([
    [0, '0.0'],
    [-0, '-0.0'],
    [1, '1.0'],
    [-1.5, '-1.5'],
    [1e-4, '0.0001'],
    [1e-5, '1e-05'],
    [1.5e-7, '1.5e-07'],
    [1e-100, '1e-100'],
    [9999999999999998, '9999999999999998.0'],
    [1e16, '1e+16'],
    [-1.25e30, '-1.25e+30'],
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
  ])('%d is spelled %s', (number, text) => expect(spellFloat(number)).toBe(text))
})

describe('numbers', () => {
  test('whole ones are integers as far as they are exact, and floats beyond', () => {
    expect([0, 1, -7, 2 ** 53 - 1, -(2 ** 53 - 1)].map(spellNumber)).toEqual([
      '0',
      '1',
      '-7',
      '9007199254740991',
      '-9007199254740991',
    ])
    expect([2 ** 53, -0, 1.5, NaN].map(spellNumber)).toEqual([
      '9007199254740992.0',
      '-0.0',
      '1.5',
      'NaN',
    ])
  })

  test('every number reads back as itself', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(Number(spellNumber(number))).toBe(number)
        expect(Number(spellFloat(number))).toBe(number)
      }),
      { numRuns: 5000 },
    )
  })
})

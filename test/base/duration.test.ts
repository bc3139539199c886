import { describe, expect, test } from 'vitest'
import { milliseconds } from '../../src/base/duration.ts'

describe('durations', () => {
  test.each([
    ['1s', 1_000],
    ['45s', 45_000],
    ['30m', 1_800_000],
    ['2h', 7_200_000],
    ['31d', 2_678_400_000],
    ['2w', 1_209_600_000],
    ['1.5h', 5_400_000],
    ['2 h', 7_200_000],
  ])('%j is %d milliseconds', (duration, expected) => {
    expect(milliseconds(duration, 'lifetime.idle')).toBe(expected)
  })

  test.each<[number | bigint | string, string, string]>([
    [86_400, '1d', '86400ms'],
    [604_800, '7d', '604800ms'],
    [3600, '1h', '3600ms'],
    [90, '90s', '90ms'],
    [1.5, '1500ms', '1.5ms'],
    [86_400_000, '1000d', '1d'],
    [60n, '1m', '60ms'],
    ['30', '30s', '30ms'],
  ])('the bare number %s is refused, and the message says what to write', (given, s, ms) => {
    expect(() => milliseconds(given, 'lifetime.idle')).toThrow(
      expect.objectContaining({
        code: 'ERR_OPTION_INVALID',
        message: `The option "lifetime.idle" needs a unit: write '${s}' if ${given} means seconds, '${ms}' if milliseconds.`,
      }),
    )
  })

  test.each([
    '',
    'm',
    0,
    -60_000,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    undefined,
    true,
    '0s',
    '0.0h',
    '-5m',
    '1y',
    '1M',
    '5mm',
    ' 5m',
    '5m ',
    '1.m',
    '.5h',
    '1e3s',
    null,
    {},
    '9'.repeat(400) + 'd',
  ])('%j is no duration', (duration) => {
    expect(() => milliseconds(duration, 'lifetime.absolute')).toThrow(
      expect.objectContaining({
        code: 'ERR_OPTION_INVALID',
        message: expect.stringMatching(/lifetime\.absolute.*not a duration/),
      }),
    )
  })
})

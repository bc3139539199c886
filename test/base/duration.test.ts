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
    [60_000, 60_000],
    [86_400_000, 86_400_000],
  ])('%j is %d milliseconds', (duration, expected) => {
    expect(milliseconds(duration, 'lifetime.idle')).toBe(expected)
  })

  test.each([3600, 59_999, 0, -60_000, Number.NaN, Number.POSITIVE_INFINITY])(
    'the bare number %d was probably meant as seconds and is refused',
    (duration) => {
      expect(() => milliseconds(duration, 'lifetime.idle')).toThrow(
        expect.objectContaining({
          code: 'ERR_OPTION_INVALID',
          message: expect.stringMatching(/lifetime\.idle.*seconds.*'30m'/),
        }),
      )
    },
  )

  test.each([
    '',
    '30',
    'm',
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
    expect(() => milliseconds(duration as string, 'lifetime.absolute')).toThrow(
      expect.objectContaining({
        code: 'ERR_OPTION_INVALID',
        message: expect.stringMatching(/lifetime\.absolute.*not a duration/),
      }),
    )
  })
})

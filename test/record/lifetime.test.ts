import { describe, expect, test } from 'vitest'
import {
  cookieLifetime,
  endedBy,
  isDueForRenewal,
  type Lifetime,
  type Times,
} from '../../src/record/lifetime.ts'

const HOUR = 3_600_000
const lifetime: Lifetime = {
  idle: HOUR,
  permanent: 24 * HOUR,
  absolute: undefined,
  leeway: 60_000,
  renewal: 'visits',
}
const T = 1_700_000_000
const times: Times = { permanent: false, seen: T, created: T, authenticatedAt: undefined }
const after = (seconds: number) => (T + seconds) * 1000

describe('a session ends', () => {
  test('the second after its idle time, not in its last', () => {
    expect(endedBy(lifetime, times, after(3600) + 999)).toBeUndefined()
    expect(endedBy(lifetime, times, after(3601))).toBe('expired')
    expect(endedBy(lifetime, { ...times, permanent: true }, after(3601))).toBeUndefined()
    expect(endedBy(lifetime, { ...times, permanent: true }, after(86_400))).toBeUndefined()
    expect(endedBy(lifetime, { ...times, permanent: true }, after(86_401))).toBe('expired')
  })

  test('fractions of a second of a lifetime are dropped, as itsdangerous drops them', () => {
    expect(endedBy({ ...lifetime, idle: 1999 }, times, after(1))).toBeUndefined()
    expect(endedBy({ ...lifetime, idle: 1999 }, times, after(2))).toBe('expired')
  })

  test('where its age or its limit is no number', () => {
    expect(endedBy(lifetime, { ...times, seen: Number.NaN }, after(0))).toBe('expired')
    expect(endedBy({ ...lifetime, idle: Number.NaN }, times, after(0))).toBe('expired')
    expect(endedBy(lifetime, times, Number.NaN)).toBe('expired')
  })

  test('or has not begun, where it is signed in the future beyond the leeway', () => {
    expect(endedBy(lifetime, times, after(-60))).toBeUndefined()
    expect(endedBy(lifetime, times, after(-60) - 1)).toBe('future')
    expect(endedBy({ ...lifetime, leeway: 0 }, times, after(0))).toBeUndefined()
    expect(endedBy({ ...lifetime, leeway: 0 }, times, after(0) - 1)).toBe('future')
  })

  test('an absolute time after it began or after the last login, however often it was seen', () => {
    const capped = { ...lifetime, absolute: 8 * HOUR }
    const seen = (seconds: number, more: Partial<Times> = {}) => ({
      ...times,
      seen: T + seconds,
      ...more,
    })
    expect(endedBy(capped, seen(28_000), after(28_800) + 999)).toBeUndefined()
    expect(endedBy(capped, seen(28_000), after(28_801))).toBe('expired-absolute')
    expect(
      endedBy(capped, seen(28_000, { authenticatedAt: T + 100 }), after(28_801)),
    ).toBeUndefined()
    expect(
      endedBy(capped, seen(28_000, { authenticatedAt: T + 100 }), after(28_900)),
    ).toBeUndefined()
    expect(endedBy(capped, seen(28_900, { authenticatedAt: T + 100 }), after(28_901))).toBe(
      'expired-absolute',
    )
    expect(endedBy(capped, seen(28_000, { authenticatedAt: T - 100 }), after(28_801))).toBe(
      'expired-absolute',
    )
    // What does not say when it began would never end.
    expect(endedBy(capped, seen(0, { created: undefined }), after(3000))).toBe('expired-absolute')
    expect(endedBy(capped, seen(0, { authenticatedAt: Number.NaN }), after(1))).toBe(
      'expired-absolute',
    )
  })

  test('at once where it began in the future, beyond what clocks differ', () => {
    for (const field of ['created', 'authenticatedAt']) {
      expect(endedBy(lifetime, { ...times, [field]: T + 60 }, after(0))).toBeUndefined()
      expect(endedBy(lifetime, { ...times, [field]: T + 61 }, after(0))).toBe('future')
    }
  })
})

describe('a visit renews', () => {
  test('once a tenth of the idle time has passed', () => {
    expect(isDueForRenewal(lifetime, times, after(360) - 1)).toBe(false)
    expect(isDueForRenewal(lifetime, times, after(360))).toBe(true)
    expect(isDueForRenewal(lifetime, { ...times, permanent: true }, after(8639))).toBe(false)
    expect(isDueForRenewal(lifetime, { ...times, permanent: true }, after(8640))).toBe(true)
  })

  test('or each permanent session, or never', () => {
    const each = { ...lifetime, renewal: 'permanent-each-request' } as const
    expect(isDueForRenewal(each, { ...times, permanent: true }, after(0))).toBe(true)
    expect(isDueForRenewal(each, times, after(3000))).toBe(false)
    expect(
      isDueForRenewal(
        { ...lifetime, renewal: 'never' },
        { ...times, permanent: true },
        after(3000),
      ),
    ).toBe(false)
  })
})

test('a lifetime of nothing lasts for the second it was signed in, as in Flask', () => {
  const none = { ...lifetime, idle: 0, permanent: 0, absolute: undefined }
  expect(endedBy(none, times, times.seen * 1000 + 999)).toBeUndefined()
  expect(endedBy(none, times, times.seen * 1000 + 1000)).toBe('expired')
})

describe('the browser keeps the cookie', () => {
  test('until it is closed, or as long as the permanent session may idle', () => {
    expect(cookieLifetime(lifetime, times, after(0))).toBeUndefined()
    expect(cookieLifetime(lifetime, { ...times, permanent: true }, after(0))).toBe(24 * HOUR)
  })

  test('never past the absolute end', () => {
    const capped = { ...lifetime, absolute: 8 * HOUR }
    expect(cookieLifetime(capped, times, after(0))).toBeUndefined()
    expect(cookieLifetime(capped, { ...times, permanent: true }, after(0))).toBe(8 * HOUR)
    expect(cookieLifetime(capped, { ...times, permanent: true }, after(3600))).toBe(7 * HOUR)
    expect(
      cookieLifetime({ ...capped, absolute: 48 * HOUR }, { ...times, permanent: true }, after(0)),
    ).toBe(24 * HOUR)
    expect(
      cookieLifetime(
        capped,
        { ...times, permanent: true, created: undefined, authenticatedAt: T + 60 },
        after(3660),
      ),
    ).toBe(7 * HOUR)
  })
})

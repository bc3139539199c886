/** Opens the session of a cookie, or of the newest of several, as the cookie backend does. */

import { endedBy, type Lifetime } from '../record/lifetime.ts'
import { lifetimeOf } from '../record/session-lifetime.ts'
import type { Opened, Rejection } from './backend.ts'
import { type CookieFormat, MAX_VALUE_LENGTH, timesOf } from './cookie-format.ts'
import { type Found, isEmptied, isValid, newerOf, NOBODY } from './found-cookie.ts'

/** Opens the cookies of a request. `place`: our Domain and Path, as a record has them. */
export function cookieOpener(
  format: CookieFormat,
  lifetime: Lifetime,
  place: string | undefined,
): (values: readonly string[], now: number) => Opened {
  const { layout, sealer } = format
  const { place: placeName } = layout.names

  function openOne(value: string, now: number): Found | Rejection {
    if (value.length > MAX_VALUE_LENGTH) return 'malformed'
    const unsealed = sealer.open(value)
    if (typeof unsealed === 'string') return unsealed
    const { text, seconds, key, isFormer = false } = unsealed
    const record = layout.decode(text)
    if (!record) return 'payload'
    const ended = endedBy(
      lifetimeOf(record, layout, lifetime),
      timesOf(record, seconds, layout),
      now,
    )
    if (ended === 'future') return ended
    if (ended || isEmptied(record)) return { ...NOBODY, seen: seconds, ended }
    const isOutdated = isFormer || (key > 0 && format.resignsOldKeys)
    const isStray = placeName !== undefined && record.meta.get(placeName)?.text !== place
    return { record, seen: seconds, key, isOutdated, isStray }
  }

  /** Fast path for one cookie or none, as nearly every request has. */
  function openOnly(presented: readonly string[], now: number): Opened {
    const [value] = presented
    if (value === undefined) return openedAs(NOBODY, presented, NONE)
    const outcome = openOne(value, now)
    const refused = typeof outcome === 'string' ? outcome : outcome.ended
    if (refused) return openedAs(NOBODY, presented, [refused])
    const found = outcome as Found
    const opened = openedAs(found, presented, NONE, 1)
    return found.isStray ? { ...opened, hasRivals: true } : opened
  }

  /** Opens the newest of several cookies. */
  function openNewest(values: readonly string[], now: number): Opened {
    const outcomes = new Map<string, Found | Rejection>()
    for (const value of values) {
      if (!outcomes.has(value)) outcomes.set(value, openOne(value, now))
    }
    const first = outcomes.get(values[0]!)!
    if (format.duplicates === 'first' && !isValid(first)) return openOnly(values.slice(0, 1), now)
    const rejected: Rejection[] = []
    let newest: Found = NOBODY
    for (const outcome of outcomes.values()) {
      const refused = typeof outcome === 'string' ? outcome : outcome.ended
      if (refused) rejected.push(refused)
      if (typeof outcome !== 'string') newest = newerOf(newest, outcome)
    }
    // Repetitions count: when one of two equal cookies is cleared, the other is left.
    const valid = values.filter((value) => isValid(outcomes.get(value)!))
    if (valid.length === 0) newest = NOBODY
    const opened = openedAs(newest, [...outcomes.keys()], rejected, new Set(valid).size)
    const hasRivals = valid.length > 1 || newest.isStray || (newest.ended && valid.length > 0)
    return hasRivals ? { ...opened, hasRivals: true } : opened
  }

  return (values, now) => (values.length < 2 ? openOnly : openNewest)(values, now)
}

const NONE: readonly Rejection[] = []

/** Makes the result of `open`. Without a spread, which takes much longer. */
function openedAs(
  { record, seen, key, isOutdated }: Found,
  presented: readonly string[],
  rejected: readonly Rejection[],
  verified = 0,
  hasCookie = presented.length > 0,
): Opened {
  return { record, hasCookie, presented, rejected, verified, seen, key, isOutdated }
}

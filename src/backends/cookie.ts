/** The cookie backend: stores the whole session record in the cookie, signed or encrypted. */

import { SessionError } from '../base/errors.ts'
import { BYTES_PER_UNIT, MAX_TEXT_BYTES } from '../crypto/payload.ts'
import type { Sealer } from '../crypto/sealer.ts'
import type { SetCookieWriter } from '../http/set-cookie.ts'
import {
  cookieLifetime,
  endedBy,
  isDueForRenewal,
  type Lifetime,
  type Times,
} from '../record/lifetime.ts'
import {
  authenticatedAtOf,
  isEmpty,
  isPermanent,
  type Layout,
  type SessionRecord,
} from '../record/record.ts'
import { sizesOf, tooLarge } from '../record/too-large.ts'
import { withMessagesThatFit } from '../record/waiting.ts'
import {
  type Backend,
  type CommitRequest,
  type Committed,
  notesOf,
  type Opened,
  type Rejection,
} from './backend.ts'

/** The format of a cookie, and the rules that differ between our own preset and Flask's. */
export interface CookieFormat {
  readonly layout: Layout
  readonly sealer: Sealer
  /** Which of several cookies to use: the newest that verifies, or the first one sent, as Flask. */
  readonly duplicates: 'newest' | 'first'
  /** Whether to clear the cookie even of a visitor who sent none, as Flask does. */
  readonly clearsUnasked: boolean
  /** Whether a cookie of a previous secret is rewritten under the current secret. */
  readonly resignsOldKeys: boolean
  /** The most bytes of a cookie, and which part of its line is counted. Infinity: no limit. */
  readonly limit: { bytes: number; of: 'name-and-value' | 'line' }
}

/** The longest value that is read or written, in characters. Browsers store at most 4096 bytes. */
const MAX_VALUE_LENGTH = 65_536

/** Makes the backend for one cookie. */
export function cookieBackend(
  format: CookieFormat,
  writer: SetCookieWriter,
  lifetime: Lifetime,
): Backend {
  const { layout, sealer, limit } = format

  function timesOf(record: SessionRecord, seen: number): Times {
    return {
      seen,
      permanent: isPermanent(record, layout),
      created: record.stamp.created,
      authenticatedAt: authenticatedAtOf(record, layout),
    }
  }

  function openOne(value: string, now: number): Found | Rejection {
    if (value.length > MAX_VALUE_LENGTH) return 'malformed'
    const unsealed = sealer.open(value)
    if (typeof unsealed === 'string') return unsealed
    const { text, seconds, key, isFormer = false } = unsealed
    const record = layout.decode(text)
    if (!record) return 'payload'
    const ended = endedBy(lifetime, timesOf(record, seconds), now)
    if (ended) return ended
    const isOutdated = isFormer || (key > 0 && format.resignsOldKeys)
    return { record, seen: seconds, key, isOutdated }
  }

  /** Fast path for one cookie or none, as nearly every request has. */
  function openOnly(presented: readonly string[], now: number): Opened {
    const [value] = presented
    if (value === undefined) return openedAs(NOBODY, presented, NONE)
    const outcome = openOne(value, now)
    if (typeof outcome === 'string') return openedAs(NOBODY, presented, [outcome])
    return openedAs(outcome, presented, NONE, 1)
  }

  function seal(record: SessionRecord, seen: number, now: number): string {
    const keepFor = cookieLifetime(lifetime, timesOf(record, seen), now)
    const text = layout.encode(record)
    // `unpack` rejects a longer text, however well it compresses.
    if (text.length * BYTES_PER_UNIT > MAX_TEXT_BYTES) {
      const length = Buffer.byteLength(text)
      if (length > MAX_TEXT_BYTES) throw refused(record, length, MAX_TEXT_BYTES)
    }
    let value = sealer.seal(text, seen)
    let line = writer.set(value, keepFor, now)
    if (sealer.sealShorter && sizeOf(value, line) > limit.bytes) {
      value = sealer.sealShorter(text, seen)
      line = writer.set(value, keepFor, now)
    }
    const size = sizeOf(value, line)
    const most = Math.min(limit.bytes, MAX_VALUE_LENGTH)
    if (size > most) throw refused(record, size, most)
    return line
  }

  function sizeOf(value: string, line: string): number {
    return limit.of === 'line' ? line.length : writer.name.length + value.length
  }

  function refused(record: SessionRecord, bytes: number, most: number): SessionError {
    return tooLarge('ERR_COOKIE_TOO_LARGE', bytes, most, sizesOf(record, layout))
  }

  /** Sets the cookie to the changed record, or clears it if the record is empty. */
  function keep({ opened, changes, next, now }: CommitRequest): Committed {
    const seen = Math.floor(now / 1000)
    if (!next.meta.has(layout.names.flashes)) {
      if (isEmpty(next, layout)) return cleared(opened)
      return sealedAs(opened, next, seen, seal(next, seen, now))
    }
    const fitted = withMessagesThatFit(next, layout, changes, (record) =>
      isEmpty(record, layout) ? undefined : seal(record, seen, now),
    )
    const { record, result } = fitted
    const kept = result === undefined ? cleared(opened) : sealedAs(opened, record, seen, result)
    return { ...kept, notes: notesOf(fitted) }
  }

  function cleared(opened: Opened): Committed {
    const isUnneeded = !opened.hasCookie && !format.clearsUnasked
    if (isUnneeded) return { opened, setCookie: undefined }
    const nobody = { ...opened, ...NOBODY, hasCookie: false }
    return { opened: nobody, setCookie: writer.clear() }
  }

  /** Renews or rewrites the cookie of a visit without changes, if that is due. */
  function renew({ opened, now }: CommitRequest): Committed {
    const { record, seen, isOutdated } = opened
    const unchanged = { opened, setCookie: undefined }
    if (!record) return unchanged
    // Rewriting under a new secret must not extend the idle timeout.
    const isDue = isDueForRenewal(lifetime, timesOf(record, seen), now)
    if (!isDue && !isOutdated) return unchanged
    try {
      const from = isDue ? Math.floor(now / 1000) : seen
      return sealedAs(opened, record, from, seal(record, from, now))
    } catch (error) {
      // It fitted when compressed and signed, but does not when encrypted. A visit without changes
      // must not fail for that, so the cookie is not renewed.
      if (error instanceof SessionError && error.code === 'ERR_COOKIE_TOO_LARGE') return unchanged
      throw error
    }
  }

  function sealedAs(
    before: Opened,
    record: SessionRecord,
    seen: number,
    setCookie: string,
  ): Committed {
    const { presented, rejected, verified } = before
    const found = { record, seen, key: 0, isOutdated: false }
    return { opened: openedAs(found, presented, rejected, verified, true), setCookie }
  }

  return {
    layout,
    open(values, now) {
      if (values.length < 2) return openOnly(values, now)
      const presented = format.duplicates === 'first' ? values.slice(0, 1) : [...new Set(values)]
      const found: Found[] = []
      const rejected: Rejection[] = []
      for (const value of presented) {
        const outcome = openOne(value, now)
        if (typeof outcome === 'string') rejected.push(outcome)
        else found.push(outcome)
      }
      const [newest] = found.sort((a, b) => b.seen - a.seen)
      return openedAs(newest ?? NOBODY, presented, rejected, found.length)
    },
    commit: (request) => (request.changes.length > 0 ? keep(request) : renew(request)),
    reopen: (opened) => opened,
  }
}

type Found = Pick<Opened, 'seen' | 'key' | 'isOutdated'> & { record: SessionRecord }

const NOBODY = { record: undefined, seen: 0, key: 0, isOutdated: false }

const NONE: readonly Rejection[] = []

/** Makes the result of `open`. Without a spread, which takes much longer. */
function openedAs(
  { record, seen, key, isOutdated }: Found | typeof NOBODY,
  presented: readonly string[],
  rejected: readonly Rejection[],
  verified = 0,
  hasCookie = presented.length > 0,
): Opened {
  return { record, hasCookie, presented, rejected, verified, seen, key, isOutdated }
}

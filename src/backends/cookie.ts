/** The cookie backend: stores the whole session record in the cookie, signed or encrypted. */

import { codeOf, type SessionError } from '../base/errors.ts'
import { fingerprintOf } from '../crypto/fingerprint.ts'
import { BYTES_PER_UNIT, MAX_TEXT_BYTES } from '../crypto/payload.ts'
import type { SetCookieWriter } from '../http/set-cookie.ts'
import { cookieLifetime, isDueForRenewal, type Lifetime } from '../record/lifetime.ts'
import { isEmpty, isPermanent, type Layout, type SessionRecord } from '../record/record.ts'
import { lifetimeOf } from '../record/session-lifetime.ts'
import { NO_STAMP } from '../record/stamp.ts'
import { sizesOf, tooLarge } from '../record/too-large.ts'
import { withMessagesThatFit } from '../record/waiting.ts'
import {
  type Backend,
  type CommitRequest,
  type Committed,
  notesOf,
  type Opened,
} from './backend.ts'
import { type CookieFormat, MAX_VALUE_LENGTH, timesOf } from './cookie-format.ts'
import { NOBODY } from './found-cookie.ts'
import { cookieOpener } from './open-cookie.ts'

/** Makes the backend for one cookie. */
export function cookieBackend(
  format: CookieFormat,
  writer: SetCookieWriter,
  lifetime: Lifetime,
): Backend {
  const { layout, sealer, limit } = format
  const { place: placeName } = layout.names
  const place = writer.place === '' ? undefined : JSON.stringify(fingerprintOf(writer.place))

  function seal(record: SessionRecord, seen: number, now: number, bytes = limit.bytes): string {
    if (placeName !== undefined && place !== undefined) record.meta.set(placeName, { text: place })
    else if (placeName !== undefined) record.meta.delete(placeName)
    const keepFor = cookieLifetime(
      lifetimeOf(record, layout, lifetime),
      timesOf(record, seen, layout),
      now,
    )
    const text = layout.encode(record)
    // `unpack` rejects longer texts, even if they compress well.
    if (text.length * BYTES_PER_UNIT > MAX_TEXT_BYTES) {
      const length = Buffer.byteLength(text)
      if (length > MAX_TEXT_BYTES) throw refused(record, length, MAX_TEXT_BYTES)
    }
    let value = sealer.seal(text, seen)
    let line = writer.set(value, keepFor, now)
    if (sealer.sealShorter && sizeOf(value, line) > bytes) {
      value = sealer.sealShorter(text, seen)
      line = writer.set(value, keepFor, now)
    }
    const size = sizeOf(value, line)
    const most = Math.min(bytes, MAX_VALUE_LENGTH)
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
  function keep(request: CommitRequest): Committed {
    const { opened, next, now } = request
    if (next.meta.has(layout.names.flashes)) return keepWithMessages(request)
    if (isEmpty(next, layout)) return kept(request, next, undefined)
    return kept(request, next, seal(next, newestTime(opened, now), now))
  }

  /** The same, for a record with messages, of which some may not fit. */
  function keepWithMessages(request: CommitRequest): Committed {
    const { opened, changes, next, now } = request
    const seen = newestTime(opened, now)
    const fitted = withMessagesThatFit(next, layout, changes, (record) =>
      isEmpty(record, layout) ? undefined : seal(record, seen, now),
    )
    return { ...kept(request, fitted.record, fitted.result), notes: notesOf(fitted) }
  }

  /** `line`: the Set-Cookie line of the record; nothing if the record is empty. */
  function kept(request: CommitRequest, record: SessionRecord, line: string | undefined) {
    const { opened, now } = request
    if (line === undefined) return opened.hasRivals ? emptied(opened, now) : cleared(opened)
    const committed = sealedAs(opened, record, newestTime(opened, now), line)
    return onlyConfirms(request, layout) ? { ...committed, isRenewal: true } : committed
  }

  function cleared(opened: Opened): Committed {
    const isUnneeded = !opened.hasCookie && !format.clearsUnasked
    if (isUnneeded) return { opened, setCookie: undefined }
    return { opened: { ...opened, ...NOBODY, hasCookie: false }, setCookie: writer.clear() }
  }

  /**
   * Sets the cookie to an empty record: if it were cleared, the next request would open the older
   * cookie that the browser holds under another Domain or Path. Kept until that one has expired.
   */
  function emptied(opened: Opened, now: number): Committed {
    const seen = newestTime(opened, now)
    const value = sealer.seal(layout.encode(layout.empty(NO_STAMP)), seen)
    const keepFor = Math.max(lifetime.idle, lifetime.permanent) + lifetime.leeway
    return {
      opened: { ...opened, ...NOBODY, seen, hasCookie: true },
      setCookie: writer.set(value, keepFor, now),
    }
  }

  /** Renews or rewrites the cookie of a visit without changes, if that is due. */
  function renew({ opened, now }: CommitRequest): Committed {
    const { record, seen, isOutdated } = opened
    const unchanged = { opened, setCookie: undefined }
    if (!record) return unchanged
    // Rewriting under a new secret must not extend the idle timeout.
    const own = lifetimeOf(record, layout, lifetime)
    const isDue = isDueForRenewal(own, timesOf(record, seen, layout), now)
    if (!isDue && !isOutdated) return unchanged
    try {
      const from = isDue ? newestTime(opened, now) : seen
      const line = seal(record, from, now, limit.renewed)
      return { ...sealedAs(opened, record, from, line), isRenewal: true }
    } catch (error) {
      // It did fit when it was compressed and signed, but does not fit encrypted. A visit without
      // changes must not fail because of that, so the cookie is not renewed.
      if (codeOf(error) === 'ERR_COOKIE_TOO_LARGE') return unchanged
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
    const opened: Opened = {
      record,
      hasCookie: true,
      presented,
      rejected,
      verified,
      seen,
      key: 0,
      isOutdated: false,
    }
    return { opened: before.hasRivals ? { ...opened, hasRivals: true } : opened, setCookie }
  }

  return {
    layout,
    maxBytes: limit.bytes,
    open: cookieOpener(format, lifetime, place),
    commit(request) {
      const committed = request.changes.length > 0 ? keep(request) : renew(request)
      const { setCookie } = committed
      if (setCookie === undefined || !writer.also) return committed
      return { ...committed, also: writer.also(setCookie) }
    },
    reopen: (opened) => opened,
  }
}

/** The time of signing: now, but later than other cookies, which a server ahead of us may have signed. */
function newestTime({ hasRivals, seen }: Opened, now: number): number {
  const seconds = Math.floor(now / 1000)
  return hasRivals ? Math.max(seconds, seen) : seconds
}

/** Whether a request only set `permanent` to its old value. In Flask that renews the cookie. */
function onlyConfirms({ opened, changes, next }: CommitRequest, layout: Layout): boolean {
  if (changes[0]?.do !== 'permanent' || !opened.record) return false
  if (isPermanent(opened.record, layout) !== isPermanent(next, layout)) return false
  return changes.every((change) => change.do === 'permanent')
}

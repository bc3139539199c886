/** The text of a row: the session's record, and the hashes of the ids that are valid for it. */

import type { Encrypter } from '../../crypto/encrypted.ts'
import type { Migration } from '../../crypto/sealer.ts'
import type { FoundRow, Row } from './store.ts'
import {
  endedBy,
  type Ended,
  isDueForRenewal,
  type Lifetime,
  type Times,
} from '../../record/lifetime.ts'
import { lifetimeOf } from '../../record/session-lifetime.ts'
import {
  authenticatedAtOf,
  isPermanent,
  type Layout,
  type SessionRecord,
  userIdOf,
} from '../../record/record.ts'

/** A session in a store. */
export interface Entry {
  /** The key it belongs to. */
  readonly selector: string
  /** The hash of the current verifier. */
  readonly verifier: string
  /** Raised by each login: work from a request that opened another number is not applied. */
  readonly auth: number
  /** The user's epoch at the login; 0 if there was none. Of another epoch, the session is revoked. */
  readonly epoch: number
  /** The idle timeout when the row was written, in seconds. */
  readonly idle: number
  /**
   * When the row was written, in seconds since 1970, if the session once had a longer idle timeout: a
   * visit that began then may still touch the row, so the row's expiry says nothing. Such a session is
   * renewed by a swap.
   */
  readonly lowered?: number | undefined
  /** When its id was last sent in a Set-Cookie, in seconds since 1970. */
  readonly issued: number
  /** A fingerprint of the attributes of that Set-Cookie; `undefined` in rows from before. */
  readonly attributes?: string | undefined
  /** The id before the last renewal. */
  readonly previous: PreviousId | undefined
  readonly record: SessionRecord
}

/** An id that was renewed. */
export interface PreviousId {
  readonly verifier: string
  /** When the browser first sent the new id, in milliseconds since 1970: `grace` begins then. */
  readonly replacedAt: number | undefined
}

/** A row and its entry, always of the same write: the next swap is planned on both. */
export interface RowAndEntry {
  row: Row
  entry: Entry
}

/** How entries are written: the layout of the record, and the encryption. */
export interface EntryFormat {
  readonly layout: Layout
  readonly cipher?: RowCipher | undefined
}

// body   = head LF record              ; encrypted, if there is a cipher
// head   = check "." verifier "." auth ["_" epoch] "." idle ["_" lowered] "." issued ["." verifier "." replaced] ["." attributes]
// check  = the first 6 characters of the key
// record = as its layout writes it
//
// Numbers in base 36. The second verifier is the previous one; `replaced` is 0 until the browser
// has sent the new id. `attributes` are 4 characters. JSON would cost more bytes for each session.
//
// The check catches a store that returns the row of another key. It has 36 of the key's 128 random
// bits; a row that passes by chance, one in 2^36, is still refused for the hash of its verifier.
const HEAD =
  /^([\w-]+)\.([\w-]+)\.([\da-z]+)(?:_([\da-z]+))?\.([\da-z]+(?:_[\da-z]+)?)\.([\da-z]+)(?:\.([\w-]+)\.([\da-z]+))?(?:\.([\w-]{4}))?$/

const CHECK_CHARACTERS = 6

/** The text of an entry. */
export function encodeEntry(entry: Entry, layout: Layout): string {
  const { selector, verifier, auth, epoch, idle, lowered, issued, previous, attributes } = entry
  const login = withMore(auth, epoch)
  const head = [checkOf(selector), verifier, login, withMore(idle, lowered), inBase36(issued)]
  if (previous) head.push(previous.verifier, inBase36(previous.replacedAt ?? 0))
  if (attributes !== undefined) head.push(attributes)
  return `${head.join('.')}\n${layout.encode(entry.record)}`
}

/** The entry of a row; `undefined` if it is malformed, or another key's. */
export function decodeEntry(key: string, row: Row, format: EntryFormat): Entry | undefined {
  return readEntry(key, row, format)?.entry
}

/** The same, and how it was written: `key` is the index of the secret, 0 without encryption. */
export function readEntry(
  key: string,
  { body }: Row,
  { layout, cipher }: EntryFormat,
): { entry: Entry; key: number; isFormer: boolean } | undefined {
  const plain = cipher ? cipher.open(body, key) : { text: body, key: 0, isFormer: false }
  const entry = plain && parseEntry(key, plain.text, layout)
  return entry && { entry, key: plain.key, isFormer: plain.isFormer }
}

function parseEntry(key: string, text: string, layout: Layout): Entry | undefined {
  const end = text.indexOf('\n')
  const [, check, verifier, auth, epoch, idle, issued, before, replaced, attributes] =
    HEAD.exec(text.slice(0, Math.max(end, 0))) ?? []
  if (check !== checkOf(key) || !verifier || !auth || !idle || !issued) return undefined
  const record = layout.decode(text.slice(end + 1))
  if (!record) return undefined
  const entry: Entry = {
    selector: key,
    verifier,
    auth: fromBase36(auth),
    epoch: epoch === undefined ? 0 : fromBase36(epoch),
    // parseInt stops at the underscore.
    idle: fromBase36(idle),
    issued: fromBase36(issued),
    attributes,
    previous:
      before && replaced
        ? { verifier: before, replacedAt: fromBase36(replaced) || undefined }
        : undefined,
    record,
  }
  const at = idle.indexOf('_')
  return at < 0 ? entry : { ...entry, lowered: fromBase36(idle.slice(at + 1)) }
}

function checkOf(key: string): string {
  return key.slice(0, CHECK_CHARACTERS)
}

function withMore(number: number, more: number | undefined): string {
  return more ? `${inBase36(number)}_${inBase36(more)}` : inBase36(number)
}

function inBase36(number: number): string {
  return number.toString(36)
}

function fromBase36(text: string): number {
  return Number.parseInt(text, 36)
}

/** When the visitor was last seen, in seconds since 1970: a touch changes only the row's expiry. */
export function seenAt({ expiresAt }: Row, { idle, lowered }: Entry): number {
  return lowered ?? Math.floor(expiresAt / 1000) - idle
}

/** The times a lifetime is counted from. `seen` is at most now: another server's clock may be ahead. */
export function timesOf(row: Row, entry: Entry, layout: Layout, now: number): Times {
  return {
    permanent: isPermanent(entry.record, layout),
    seen: Math.min(seenAt(row, entry), Math.floor(now / 1000)),
    created: entry.record.stamp.created,
    authenticatedAt: authenticatedAtOf(entry.record, layout),
  }
}

/** Whether the session has ended. The row's own expiry counts even if `idle` was raised since. */
export function entryEnded(
  row: Row,
  entry: Entry,
  { layout, lifetime }: { layout: Layout; lifetime: Lifetime },
  now: number,
): Ended | undefined {
  if (row.expiresAt < now) return 'expired'
  return endedBy(lifetimeOf(entry.record, layout, lifetime), timesOf(row, entry, layout, now), now)
}

/** How long a touch that extends an expired row may still be in flight, in milliseconds. */
export const LATE_TOUCH = 60_000

/** Whether a visit without changes renews the session (sliding expiration). */
export function isDue(
  { row, entry }: RowAndEntry,
  { layout, lifetime }: { layout: Layout; lifetime: Lifetime },
  now: number,
): boolean {
  const own = lifetimeOf(entry.record, layout, lifetime)
  return isDueForRenewal(own, timesOf(row, entry, layout, now), now)
}

/**
 * Whether the user's sessions were revoked since the login. The user's epoch is then another one:
 * higher, or, if a failover had lost it and a server's clock was behind, lower.
 */
export function isRevoked(row: FoundRow, entry: Entry): boolean {
  return row.epoch !== 0 && row.epoch !== entry.epoch
}

/** The idle timeout of a record's session, in seconds. */
export function idleSeconds(record: SessionRecord, layout: Layout, lifetime: Lifetime): number {
  const { permanent, idle } = lifetimeOf(record, layout, lifetime)
  return Math.floor((isPermanent(record, layout) ? permanent : idle) / 1000)
}

/** A new row for an entry. Its owner is the user who is signed in. */
export function rowOf(
  entry: Entry,
  { layout, cipher }: EntryFormat,
  { write, recent, now }: { write: string; recent: readonly string[]; now: number },
): Row {
  const text = encodeEntry(entry, layout)
  return {
    write,
    recent,
    expiresAt: now + entry.idle * 1000,
    owner: userIdOf(entry.record, layout) ?? null,
    body: cipher ? cipher.seal(text, entry.selector) : text,
  }
}

/** Encrypts the text of a row, and binds it to the row's key. */
export interface RowCipher {
  seal(text: string, key: string): string
  /** The text that was sealed for this key, if any; its `key` is the index of the secret. */
  open(body: string, key: string): { text: string; key: number; isFormer: boolean } | undefined
}

/** Makes the cipher of a store's rows. It accepts plain rows until the migration ends. */
export function rowCipher(encrypter: Encrypter, { from, until, clock }: Migration): RowCipher {
  return {
    seal(text, key) {
      const now = clock()
      return now < from ? text : encrypter.seal(text, Math.floor(now / 1000), key)
    },
    open(body, key) {
      // A row that is not encrypted has a line of its own for its head; an envelope has one line.
      if (body.includes('\n')) {
        const now = clock()
        return now < until ? { text: body, key: 0, isFormer: now >= from } : undefined
      }
      const opened = encrypter.open(body, key)
      return typeof opened === 'string' ? undefined : { ...opened, isFormer: false }
    },
  }
}

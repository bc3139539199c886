/** What a row says of a session: the record, and beside it whose id opens it. */

import type { Row } from './store.ts'
import type { RowCipher } from './row-cipher.ts'
import { endedBy, type Ended, type Lifetime, type Times } from '../../record/lifetime.ts'
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
  /** The hash of the verifier that opens it. */
  readonly verifier: string
  /** Raised by each login: what a request did under another number is not done to this session. */
  readonly auth: number
  /** How long it outlives a visit, in seconds, as it was when the row was written. */
  readonly idle: number
  /** When its id last left in a Set-Cookie, in seconds since 1970. */
  readonly issued: number
  /** The id before the last renewal. */
  readonly previous: PreviousId | undefined
  readonly record: SessionRecord
}

/** An id that was renewed. */
export interface PreviousId {
  readonly verifier: string
  /** When the new id was first shown, in milliseconds since 1970: the grace counts from there. */
  readonly replacedAt: number | undefined
}

/** A row and what it says. Always the two that belong together: the next swap stands on them. */
export interface RowAndEntry {
  row: Row
  entry: Entry
}

/** How entries are written: the layout of the record, and what hides it from who reads the store. */
export interface EntryFormat {
  readonly layout: Layout
  readonly cipher?: RowCipher | undefined
}

// body   = head LF record              ; or, where there is a cipher, what it makes of that
// head   = check "." verifier "." auth "." idle "." issued ["." verifier "." replaced]
// check  = the first 6 characters of the key
// record = as its layout writes it
//
// Numbers in base 36. The second verifier is the previous one; `replaced` is 0 where the new id was
// not shown yet. Every byte is kept for each session, hence no JSON.
//
// The check catches a store that answers with the row of another key. It has 36 of the key's 128
// random bits: of 68 719 476 736 such rows one passes, and even that one does not open, since it has
// the hash of another verifier.
const HEAD = /^([\w-]+)\.([\w-]+)\.([\da-z]+)\.([\da-z]+)\.([\da-z]+)(?:\.([\w-]+)\.([\da-z]+))?$/

const CHECK_CHARACTERS = 6

/** The text of an entry. */
export function encodeEntry(entry: Entry, layout: Layout): string {
  const { selector, verifier, auth, idle, issued, previous } = entry
  const head = [checkOf(selector), verifier, ...[auth, idle, issued].map(inBase36)]
  if (previous) head.push(previous.verifier, inBase36(previous.replacedAt ?? 0))
  return `${head.join('.')}\n${layout.encode(entry.record)}`
}

/** The entry of a row, or `undefined` if it is none, or not that of this key. */
export function decodeEntry(key: string, row: Row, format: EntryFormat): Entry | undefined {
  return readEntry(key, row, format)?.entry
}

/** The same, and how it was written: `key` is the index of the secret, 0 where none is used. */
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
  const [, check, verifier, auth, idle, issued, before, replaced] =
    HEAD.exec(text.slice(0, Math.max(end, 0))) ?? []
  if (check !== checkOf(key) || !verifier || !auth || !idle || !issued) return undefined
  const record = layout.decode(text.slice(end + 1))
  if (!record) return undefined
  return {
    selector: key,
    verifier,
    auth: fromBase36(auth),
    idle: fromBase36(idle),
    issued: fromBase36(issued),
    previous:
      before && replaced
        ? { verifier: before, replacedAt: fromBase36(replaced) || undefined }
        : undefined,
    record,
  }
}

function checkOf(key: string): string {
  return key.slice(0, CHECK_CHARACTERS)
}

function inBase36(number: number): string {
  return number.toString(36)
}

function fromBase36(text: string): number {
  return Number.parseInt(text, 36)
}

/** When the visitor was last seen, in seconds since 1970: a touch moves only the row's end. */
export function seenAt({ expiresAt }: Row, { idle }: Entry): number {
  return Math.floor(expiresAt / 1000) - idle
}

/** What the lifetime is counted from. Another server's clock may be ahead: nobody was seen later than now. */
export function timesOf(row: Row, entry: Entry, layout: Layout, now: number): Times {
  return {
    permanent: isPermanent(entry.record, layout),
    seen: Math.min(seenAt(row, entry), Math.floor(now / 1000)),
    created: entry.record.stamp.created,
    authenticatedAt: authenticatedAtOf(entry.record, layout),
  }
}

/** Whether the session is over. The row's own end holds even where `idle` was raised since. */
export function entryEnded(
  row: Row,
  entry: Entry,
  { layout, lifetime }: { layout: Layout; lifetime: Lifetime },
  now: number,
): Ended | undefined {
  return row.expiresAt < now ? 'expired' : endedBy(lifetime, timesOf(row, entry, layout, now), now)
}

/** How long a record's session outlives a visit, in seconds. */
export function idleSeconds(record: SessionRecord, layout: Layout, lifetime: Lifetime): number {
  return Math.floor((isPermanent(record, layout) ? lifetime.permanent : lifetime.idle) / 1000)
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

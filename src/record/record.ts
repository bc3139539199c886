/** The session record: the app's data, the library's metadata, and how both are encoded as text. */

import type { SessionError } from '../base/errors.ts'
import type { Codec } from './text/codec.ts'
import { copyFields, type Field, type Fields, splitFields, storedValue, unread } from './fields.ts'
import { decodeStamp, encodeStamp, type Stamp } from './stamp.ts'
import { isMarkup, isUuid, type Markup } from './text/values.ts'

/**
 * A session record. `meta` holds the library's own values (user, flash messages, ...). In Flask's
 * layout these are ordinary keys of the app, and `meta` is the same map as `data`.
 */
export interface SessionRecord {
  readonly data: Fields
  readonly meta: Fields
  /** Creation time and nonce; empty in a layout without them. */
  stamp: Stamp
  /** Why `migrate` failed, and the data as it is `stored`. `isFatal`: the record must not be used. */
  unmigrated?: { readonly error: SessionError; readonly isFatal: boolean; readonly stored: Fields }
}

/** The keys in `meta`. A layout does not store a value for which it has no key. */
export interface MetaNames {
  permanent: string
  flashes: string
  userId: string
  authenticatedAt?: string
  /** Whether the login is fresh, in a layout without its time. */
  fresh?: string
  label?: string
  /** The timeouts that were set for this session. */
  lifetime?: string
  /** The Domain and Path that the cookie was set with, as a fingerprint. */
  place?: string
  /** Which version of the app has written the data. */
  version?: string
}

/** Checks the values of a session's data. Synchronous and pure: a replay checks again. */
export interface DataSchema {
  /**
   * Makes the field of an app's value: of what the schema returns for it.
   *
   * @throws ERR_VALUE_INVALID, ERR_SCHEMA_ASYNC, ERR_VALUE_UNSUPPORTED
   */
  write(value: unknown, key: string): Field
  /**
   * Returns the field if the app may read it; its `live` value is then what the schema returned.
   * `undefined` for a key that the schema does not have, and for an invalid value.
   *
   * @param refused is told of an invalid value, once for each field.
   * @throws ERR_DATA_INVALID with `onInvalid: 'error'`; ERR_SCHEMA_ASYNC
   */
  read(field: Field, key: string, refused?: (why: string) => void): Field | undefined
}

/** A record format: the keys in `meta`, and how a record is encoded as text. */
export interface Layout {
  readonly codec: Codec
  readonly names: MetaNames
  /** Whether `meta` is the same map as `data`, as in Flask. */
  readonly flat: boolean
  /** Whether `clear` leaves `permanent` as it is, as in Flask-Session. @default it is removed */
  readonly keepsPermanent?: true
  /** The app's schema. @default none: nothing is checked */
  readonly schema?: DataSchema | undefined
  /** Makes an empty record. */
  empty(stamp: Stamp): SessionRecord
  copy(record: SessionRecord): SessionRecord
  encode(record: SessionRecord): string
  /** Decodes a text; returns `undefined` if it is not a record of this layout. */
  decode(text: string): SessionRecord | undefined
  /** One flash message as an item of the stored list. */
  flashItem(category: string, message: unknown): unknown
}

/** A flash message: shown on the visitor's next page. */
export interface Flash {
  /** What kind of message, such as `success`; `message` unless the app said otherwise. */
  category: string
  /** The text, or HTML that is safe. */
  message: string | Markup
}

// record = "[" stamp "," data ["," meta] "]"     ; stamp is a JSON string, the others are objects
/** Our own layout: the list `[stamp, data]`, or `[stamp, data, meta]` if `meta` is not empty. */
export function ownLayout(codec: Codec): Layout {
  const names = {
    permanent: 'p',
    flashes: 'f',
    userId: 'u',
    authenticatedAt: 'a',
    label: 'l',
    lifetime: 't',
    place: 'd',
    version: 'v',
  }

  function encode({ data, meta, stamp }: SessionRecord): string {
    const more = meta.size === 0 ? '' : `,${codec.join(meta)}`
    return `["${encodeStamp(stamp)}",${codec.join(data)}${more}]`
  }

  function decode(text: string): SessionRecord | undefined {
    const end = text.indexOf('"', 2)
    const stamp = text.startsWith('["') ? decodeStamp(text.slice(2, end)) : undefined
    const parts = stamp && splitFields(text, codec)
    if (!stamp || !parts || parts.length > 3) return undefined
    const [, data, meta = parts.length === 2 ? new Map() : undefined] = parts
    if (!data || !meta) return undefined
    // The creation time and nonce of an older format.
    meta.delete('c')
    meta.delete('n')
    return { data, meta, stamp }
  }

  return {
    codec,
    flat: false,
    names,
    empty: (stamp) => ({ data: new Map(), meta: new Map(), stamp }),
    copy: ({ data, meta, stamp }) => ({ data: copyFields(data), meta: copyFields(meta), stamp }),
    encode,
    decode,
    flashItem: (category, message) => [category, message],
  }
}

/** Makes an empty record. `at`: its creation time in seconds since 1970. */
export function newRecord(layout: Layout, at: number, nonce?: string): SessionRecord {
  return layout.empty({ created: at, nonce })
}

/** Sets a value in `meta`, or deletes it if `undefined`. Without a `name` it does nothing. */
export function setMeta(
  record: SessionRecord,
  name: string | undefined,
  value: unknown,
  layout: Layout,
): void {
  if (name === undefined) return
  if (value === undefined) record.meta.delete(name)
  else record.meta.set(name, unread(layout.codec.encode(value, name)))
}

function meta(record: SessionRecord, name: string | undefined, { codec }: Layout): unknown {
  const field = name === undefined ? undefined : record.meta.get(name)
  return field && storedValue(field, codec)
}

/** Whether the session is permanent: its cookie stays when the browser is closed. */
export function isPermanent(record: SessionRecord, layout: Layout): boolean {
  return Boolean(meta(record, layout.names.permanent, layout))
}

/** The id of the signed-in user as text; `undefined` for an anonymous visitor. */
export function userIdOf(record: SessionRecord, layout: Layout): string | undefined {
  const field = record.meta.get(layout.names.userId)
  const id = field && storedValue(field, layout.codec)
  if (typeof id === 'string') return id || undefined
  if (!layout.flat) return undefined
  // Flask-Login stores whatever the app's `get_id()` returns.
  if (typeof id === 'number' || typeof id === 'bigint') {
    return INTEGER.test(field!.text) ? String(id) : undefined
  }
  if (isUuid(id)) return id.uuid
  return isMarkup(id) ? id.html || undefined : undefined
}

/** A float, such as 7.0, is no id. */
const INTEGER = /^-?\d+$/

/** The app's label for this session, such as the device. */
export function labelOf(record: SessionRecord, layout: Layout): string | undefined {
  const label = meta(record, layout.names.label, layout)
  return typeof label === 'string' ? label : undefined
}

/** The time of the last login, in seconds since 1970, if the layout stores it. */
export function authenticatedAtOf(record: SessionRecord, layout: Layout): number | undefined {
  const at = meta(record, layout.names.authenticatedAt, layout)
  return typeof at === 'number' ? at : undefined
}

/** The stored list of flash messages that were not shown yet. */
export function waitingItems(record: SessionRecord, layout: Layout): readonly unknown[] {
  const items = meta(record, layout.names.flashes, layout)
  return Array.isArray(items) ? (items as unknown[]) : []
}

/** A flash message of an item, or `undefined` for an invalid one of another writer. */
export function asFlash(item: unknown): Flash | undefined {
  if (!Array.isArray(item) || item.length !== 2) return undefined
  const [category, message] = item as [unknown, Flash['message']]
  // Another writer's category may be of any type; an object cannot be shown as text.
  const hasName = typeof category !== 'object' || category === null
  return hasName ? { category: String(category), message } : undefined
}

/** Whether the record has no data, user or flashes: then no cookie is set, or it is cleared. */
export function isEmpty(record: SessionRecord, { names }: Layout): boolean {
  const { data, meta } = record
  return data.size === 0 && !meta.has(names.flashes) && !meta.has(names.userId)
}

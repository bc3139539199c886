/** What is kept between requests: the app's data, and beside it what the library knows. */

import type { Codec } from './text/codec.ts'
import { copyFields, type Fields, joinFields, liveValue, splitFields, unread } from './fields.ts'
import { decodeStamp, encodeStamp, type Stamp } from './stamp.ts'
import type { Markup } from './text/values.ts'

/**
 * A record. `meta` holds what is no key of the app's own; in Flask's layout, where those are
 * ordinary keys, it is the same map as `data`.
 */
export interface SessionRecord {
  readonly data: Fields
  readonly meta: Fields
  /** When it began, and what tells it from all others; empty where the layout keeps neither. */
  stamp: Stamp
}

/** The keys in `meta`. A layout without a name does not keep that fact. */
export interface MetaNames {
  permanent: string
  flashes: string
  userId: string
  authenticatedAt?: string
  label?: string
}

/** Where things stand in a record, and how one becomes text. */
export interface Layout {
  readonly codec: Codec
  readonly names: MetaNames
  /** Whether `meta` is `data`, so that setting `permanent` is a write like any other. */
  readonly flat: boolean
  /** A record without anything in it. */
  empty(stamp: Stamp): SessionRecord
  copy(record: SessionRecord): SessionRecord
  encode(record: SessionRecord): string
  /** The record of a text, or `undefined` if it is none of this layout. */
  decode(text: string): SessionRecord | undefined
  /** One flash message as it is kept in the list. */
  flashItem(category: string, message: unknown): unknown
}

/** A message for the visitor's next page. */
export interface Flash {
  category: string
  message: string | Markup
}

// record = "[" stamp "," data ["," meta] "]"     ; stamp is a JSON string, the others are objects
/** Our own layout: the list `[stamp, data]`, or `[stamp, data, meta]` where more is known. */
export function ownLayout(codec: Codec): Layout {
  const names = {
    permanent: 'p',
    flashes: 'f',
    userId: 'u',
    authenticatedAt: 'a',
    label: 'l',
  }

  function encode({ data, meta, stamp }: SessionRecord): string {
    const more = meta.size === 0 ? '' : `,${joinFields(meta, codec)}`
    return `["${encodeStamp(stamp)}",${joinFields(data, codec)}${more}]`
  }

  function decode(text: string): SessionRecord | undefined {
    const end = text.indexOf('"', 2)
    const stamp = text.startsWith('["') ? decodeStamp(text.slice(2, end)) : undefined
    const parts = stamp && splitFields(text, codec)
    if (!stamp || !parts || parts.length > 3) return undefined
    const [, data, meta = parts.length === 2 ? new Map() : undefined] = parts
    if (!data || !meta) return undefined
    // Where the stamp stood before it was one.
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

/** Puts a fact into a record, where the layout keeps it. */
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
  return field && liveValue(field, codec)
}

/** Whether the session outlives the browser. */
export function isPermanent(record: SessionRecord, layout: Layout): boolean {
  return Boolean(meta(record, layout.names.permanent, layout))
}

/** Who is signed in. */
export function userIdOf(record: SessionRecord, layout: Layout): string | undefined {
  const id = meta(record, layout.names.userId, layout)
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** What the app calls this session, such as the device. */
export function labelOf(record: SessionRecord, layout: Layout): string | undefined {
  const label = meta(record, layout.names.label, layout)
  return typeof label === 'string' ? label : undefined
}

/** When the visitor last signed in, in seconds since 1970, if the layout keeps it. */
export function authenticatedAtOf(record: SessionRecord, layout: Layout): number | undefined {
  const at = meta(record, layout.names.authenticatedAt, layout)
  return typeof at === 'number' ? at : undefined
}

/** The list of waiting flash messages, as kept. */
export function waitingItems(record: SessionRecord, layout: Layout): readonly unknown[] {
  const items = meta(record, layout.names.flashes, layout)
  return Array.isArray(items) ? (items as unknown[]) : []
}

/** A flash message from the list, or `undefined` for what another writer put there. */
export function asFlash(item: unknown): Flash | undefined {
  if (!Array.isArray(item) || item.length !== 2) return undefined
  const [category, message] = item as [unknown, Flash['message']]
  // Another writer's category may be anything; an object has no name to show.
  const hasName = typeof category !== 'object' || category === null
  return hasName ? { category: String(category), message } : undefined
}

/** Whether there is nothing worth keeping: then no cookie is set, or the old one is cleared. */
export function isEmpty(record: SessionRecord, { names }: Layout): boolean {
  const { data, meta } = record
  return data.size === 0 && !meta.has(names.flashes) && !meta.has(names.userId)
}

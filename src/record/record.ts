/** What is kept between requests: the app's data, and beside it what the library knows. */

import type { Codec } from './text/codec.ts'
import {
  copyFields,
  type Field,
  type Fields,
  joinFields,
  liveValue,
  splitFields,
  unread,
} from './fields.ts'
import { decodeStamp, encodeStamp, type Stamp } from './stamp.ts'
import { isObject } from './text/shapes.ts'
import type { Markup } from './text/values.ts'

/**
 * A record. `meta` holds what is no key of the app's own; in Flask's layout, where those are
 * ordinary keys, it is the same map as `data`.
 */
export interface SessionRecord {
  readonly data: Fields
  readonly meta: Fields
}

/** The keys in `meta`. A layout without a name does not keep that fact. */
export interface MetaNames {
  permanent: string
  flashes: string
  userId: string
  created?: string
  authenticatedAt?: string
  label?: string
  nonce?: string
}

/** Where things stand in a record, and how one becomes text. */
export interface Layout {
  readonly codec: Codec
  readonly names: MetaNames
  /** Whether `meta` is `data`, so that setting `permanent` is a write like any other. */
  readonly flat: boolean
  empty(): SessionRecord
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
    created: 'c',
    authenticatedAt: 'a',
    label: 'l',
    nonce: 'n',
  }

  function encode({ data, meta }: SessionRecord): string {
    const stamp: Stamp = {
      created: asSeconds(valueIn(meta, names.created, codec)),
      nonce: asText(valueIn(meta, names.nonce, codec)),
    }
    return `["${encodeStamp(stamp)}",${joinFields(data, codec)}${moreThanStamp(meta)}]`
  }

  function moreThanStamp(meta: Fields): string {
    const stamped = Number(meta.has(names.created)) + Number(meta.has(names.nonce))
    if (meta.size === stamped) return ''
    const rest = [...meta].filter(([name]) => name !== names.created && name !== names.nonce)
    return `,${codec.join(rest)}`
  }

  function decode(text: string): SessionRecord | undefined {
    const end = text.indexOf('"', 2)
    const stamp = text.startsWith('["') ? decodeStamp(text.slice(2, end)) : undefined
    const parts = stamp && splitFields(text, codec)
    if (!stamp || !parts || parts.length > 3) return undefined
    const [, data, meta = parts.length === 2 ? new Map() : undefined] = parts
    if (!data || !meta) return undefined
    const { created, nonce } = stamp
    meta.delete(names.created)
    meta.delete(names.nonce)
    if (created !== undefined) meta.set(names.created, fieldOf(created, String(created)))
    if (nonce !== undefined) meta.set(names.nonce, fieldOf(nonce, `"${nonce}"`))
    return { data, meta }
  }

  return {
    codec,
    flat: false,
    names,
    empty: () => ({ data: new Map(), meta: new Map() }),
    copy: ({ data, meta }) => ({ data: copyFields(data), meta: copyFields(meta) }),
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
  else record.meta.set(name, fieldOf(value, layout.codec.encode(value, name)))
}

/** A field whose value is known already. What could be changed in place is read from its text. */
function fieldOf(value: unknown, text: string): Field {
  return isObject(value) ? unread(text) : { text, live: { value } }
}

function meta(record: SessionRecord, name: string | undefined, { codec }: Layout): unknown {
  return valueIn(record.meta, name, codec)
}

function valueIn(fields: Fields, name: string | undefined, codec: Codec): unknown {
  const field = name === undefined ? undefined : fields.get(name)
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
  return asText(meta(record, layout.names.label, layout))
}

/** What tells this session from all others since its last login, if the layout keeps it. */
export function nonceOf(record: SessionRecord, layout: Layout): string | undefined {
  return asText(meta(record, layout.names.nonce, layout))
}

/** When the session began, in seconds since 1970, if the layout keeps it. */
export function createdOf(record: SessionRecord, layout: Layout): number | undefined {
  return asSeconds(meta(record, layout.names.created, layout))
}

/** When the visitor last signed in, in seconds since 1970, if the layout keeps it. */
export function authenticatedAtOf(record: SessionRecord, layout: Layout): number | undefined {
  return asSeconds(meta(record, layout.names.authenticatedAt, layout))
}

function asSeconds(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
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

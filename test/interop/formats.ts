/** The frozen vectors of docs/formats.md, and values as they note them. */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { liveValue } from '../../src/record/fields.ts'
import type { Layout, SessionRecord } from '../../src/record/record.ts'
import { isMarkup, isTuple, isUuid } from '../../src/record/text/values.ts'

export const VECTORS = fileURLToPath(new URL('../fixtures/formats/vectors.json', import.meta.url))

/** A vector says what it opens as, or why it is refused. */
interface Outcome<Opened> {
  name: string
  opens?: Opened
  refused?: string
}

type Members = [name: string, value: unknown][]

export interface NotedRecord {
  created: number | null
  nonce: string | null
  data: Members
  meta: Members
}

interface NotedRow {
  hash: string
  auth: number
  epoch?: number
  lowered?: number
  idle: number
  issued: number
  record: NotedRecord
  previous?: { hash: string; replaced: number }
  attributes?: string
}

interface Text {
  text: string
  seconds: number
  key: number
}

/** The file. `writes` marks what our code writes in just these characters. */
export interface Vectors {
  secrets: (Outcome<string> & { spelled: string })[]
  keys: (Outcome<string> & {
    secret: string
    purpose: 'session' | 'encrypted' | 'row' | 'session id' | 'csrf'
    audience: string
    cookieName: string
  })[]
  signed: (Outcome<Text> & { keys: string[]; value: string; writes?: boolean })[]
  encrypted: (Outcome<Text> & {
    keys: string[]
    scope: { purpose: string; audience: string; cookieName: string; context: string }
    salt: string
    value: string
  })[]
  records: (Outcome<NotedRecord> & { text: string; writes?: boolean })[]
  ids: (Outcome<{ selector: string; verifier: string; hash: string; key: number }> & {
    keys: string[]
    value: string
  })[]
  rows: (Outcome<NotedRow> & { selector: string; body: string })[]
  sessions: (Outcome<{ record: NotedRecord; csrfToken: string }> & {
    kind: 'signed' | 'encrypted' | 'stored'
    secret: string
    audience: string
    cookieName: string
    now: number
    value: string
    body?: string
  })[]
}

export function readVectors(): Vectors {
  return JSON.parse(readFileSync(VECTORS, 'utf8')) as Vectors
}

/** A record as the vectors note it. */
export function noteRecord(record: SessionRecord, layout: Layout): NotedRecord {
  const noted = (fields: SessionRecord['data']): Members =>
    [...fields].map(([name, field]) => [name, note(liveValue(field, layout.codec))])
  return {
    created: record.stamp.created ?? null,
    nonce: record.stamp.nonce ?? null,
    data: noted(record.data),
    meta: noted(record.meta),
  }
}

/** A value as the vectors note it: JSON stands for itself, but for objects, which name a type. */
export function note(value: unknown): unknown {
  if (typeof value === 'bigint') return { bigint: String(value) }
  if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items = Array.from(value as unknown[], note)
    return isTuple(value) ? { tuple: items } : items
  }
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') }
  if (value instanceof Date) return { date: value.getTime() }
  if (isMarkup(value)) return { markup: value.html }
  if (isUuid(value)) return { uuid: value.uuid }
  return { object: Object.entries(value).map(([name, member]) => [name, note(member)]) }
}

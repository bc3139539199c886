/** Everything there is to say about one cookie. */

import { flaskCodec, flaskLayout } from '../../flask/layout.ts'
import {
  authenticatedAtOf,
  isPermanent,
  labelOf,
  userIdOf,
  waitingItems,
} from '../../record/record.ts'
import { layoutWith } from '../../session/setup/own-preset.ts'
import type { PastedCookie } from './pasted.ts'
import { recognise } from './formats.ts'
import type { Format, Recognised } from './recognised.ts'
import { type GivenSecret, verify } from './verify.ts'

/** Browsers drop a cookie whose name and value are longer (RFC 6265bis section 5.6). */
export const COOKIE_LIMIT = 4096

/** One cookie, described: what `--json` prints. */
export type Description = ReturnType<typeof describe>

/** What a description depends on beside the cookie. */
interface Circumstances {
  secrets: readonly GivenSecret[]
  /** Milliseconds since 1970. */
  now: number
  audience?: string | undefined
}

/** Describes a cookie. Only with secrets can it say whether the cookie is genuine. */
export function describe(
  { name, value, attributes }: PastedCookie,
  { secrets, now, audience = '' }: Circumstances,
) {
  const closed = recognise(value)
  const verdict = secrets.length > 0 ? verify({ name, audience }, closed, secrets) : undefined
  const looks = { ...closed, ...verdict?.opened }
  const { session, created, authenticated, payloads, notes } = sessionIn(looks)
  const bytes = Buffer.byteLength(value)
  const nameAndValue = name === undefined ? null : Buffer.byteLength(name) + bytes
  return {
    name: name ?? null,
    format: looks.format,
    title: looks.title,
    /** `null`: nothing was tried, since there was no secret. */
    verified: verdict?.verified ?? null,
    /** How it verified, or why it did not, or that nobody tried. */
    verification: verdict?.says ?? 'Nobody has checked who wrote this: no secret was given.',
    size: { value: bytes, nameAndValue, limit: COOKIE_LIMIT },
    compressed: looks.compressed ?? null,
    /** ISO 8601, as the cookie says. */
    times: {
      signed: iso(looks.signedAt),
      created: iso(created),
      authenticated: iso(authenticated),
    },
    session,
    parts: looks.parts,
    attributes,
    payloads: payloads.map(({ label, text }) => ({ label, json: jsonOf(text), text })),
    notes: [...looks.notes, ...notes, ...notesOn(looks.signedAt, nameAndValue ?? bytes, now)],
  }
}

const READABLE: readonly Format[] = ['sojourn', 'sojourn-encrypted', 'flask']

/** What the payload says as a session, if it is one. */
function sessionIn({ format, payloads }: Recognised) {
  const text = payloads[0]?.text
  if (text === undefined || !READABLE.includes(format)) {
    return { session: null, payloads, notes: [] }
  }
  const layout = format === 'flask' ? flaskLayout(flaskCodec([])) : layoutWith([])
  const record = layout.decode(text)
  if (!record) {
    const notes = ['A value in it cannot be read, so a server takes it for nobody.']
    return { session: null, payloads, notes }
  }
  const ours = [
    { label: 'meta', text: layout.codec.join(record.meta) },
    { label: 'data', text: layout.codec.join(record.data) },
  ]
  return {
    session: {
      permanent: isPermanent(record, layout),
      userId: userIdOf(record, layout) ?? null,
      label: labelOf(record, layout) ?? null,
      flashes: waitingItems(record, layout).length,
    },
    created: record.stamp.created,
    authenticated: authenticatedAtOf(record, layout),
    payloads: layout.flat ? payloads : ours,
    notes: [],
  }
}

const DEFAULT_LIFETIME = 31 * 86_400

function notesOn(signedAt: number | undefined, size: number, now: number): string[] {
  const age = signedAt === undefined ? 0 : Math.floor(now / 1000) - signedAt
  const notes: [holds: boolean, says: string][] = [
    [size > COOKIE_LIMIT, `It is longer than the ${COOKIE_LIMIT} bytes browsers keep.`],
    [age > DEFAULT_LIFETIME, 'It was signed more than 31 days ago, the default lifetime.'],
    [age < -60, 'It was signed in the future: the clocks of two machines differ.'],
  ]
  return notes.filter(([holds]) => holds).map(([, says]) => says)
}

function iso(seconds: number | undefined): string | null {
  if (seconds === undefined) return null
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? null : date.toISOString().replace('.000Z', 'Z')
}

/** The value, for programs; `null` where JavaScript's own JSON has none, as for NaN. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

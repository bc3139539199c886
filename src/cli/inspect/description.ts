/** Everything there is to say about one cookie. */

import { flaskCodec, flaskLayout } from '../../flask/layout.ts'
import { joinFields } from '../../record/fields.ts'
import {
  authenticatedAtOf,
  createdOf,
  isPermanent,
  labelOf,
  userIdOf,
  waitingItems,
} from '../../record/record.ts'
import { layoutWith } from '../../session/setup/own-preset.ts'
import type { PastedCookie } from './pasted.ts'
import { type Format, recognise, type Recognised } from './recognise.ts'
import { type GivenSecret, verify } from './verify.ts'

/** Browsers drop a cookie whose name and value are longer (RFC 6265bis section 5.6). */
export const COOKIE_LIMIT = 4096

/** One cookie, described: what `--json` prints. */
export type Description = ReturnType<typeof describe>

/** Describes a cookie. Only with secrets can it say whether the cookie is genuine. */
export function describe(
  cookie: PastedCookie,
  secrets: readonly GivenSecret[],
  now: number,
  audience = '',
) {
  const { name, value, attributes } = cookie
  const closed = recognise(value)
  const valueBytes = Buffer.byteLength(value)
  const nameAndValue = name === undefined ? null : Buffer.byteLength(name) + valueBytes
  const verdict =
    secrets.length > 0 ? verify({ value, name, audience }, closed, secrets) : undefined
  const looks = verdict?.verified ? { ...closed, ...verdict.opened } : closed
  const { session, created, authenticated, payloads, notes } = sessionIn(looks)
  return {
    name: name ?? null,
    format: looks.format,
    title: looks.title,
    /** `null`: nothing was tried, since there was no secret. */
    verified: verdict?.verified ?? null,
    /** How it verified, or why it did not, or that nobody tried. */
    verification: verdict?.says ?? 'Nobody has checked who wrote this: no secret was given.',
    size: { value: valueBytes, nameAndValue, limit: COOKIE_LIMIT },
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
    notes: [...looks.notes, ...notes, ...notesOn(looks, nameAndValue ?? value.length, now)],
  }
}

const READABLE: readonly Format[] = ['sojourn', 'sojourn-encrypted', 'flask']

/** What the payload says as a session, if it is one. */
function sessionIn({ format, payloads }: Recognised) {
  const text = payloads[0]?.text
  if (text === undefined || !READABLE.includes(format))
    return { session: null, payloads, notes: [] }
  const layout = format === 'flask' ? flaskLayout(flaskCodec([])) : layoutWith([])
  const record = layout.decode(text)
  if (!record) {
    const notes = ['A value in it cannot be read, so a server takes it for nobody.']
    return { session: null, payloads, notes }
  }
  return {
    session: {
      permanent: isPermanent(record, layout),
      userId: userIdOf(record, layout) ?? null,
      label: labelOf(record, layout) ?? null,
      flashes: waitingItems(record, layout).length,
    },
    created: createdOf(record, layout),
    authenticated: authenticatedAtOf(record, layout),
    payloads: layout.flat
      ? payloads
      : [
          { label: 'meta', text: joinFields(record.meta, layout.codec) },
          { label: 'data', text: joinFields(record.data, layout.codec) },
        ],
    notes: [],
  }
}

const DEFAULT_LIFETIME = 31 * 86_400

function notesOn({ signedAt }: Recognised, size: number, now: number): string[] {
  const age = signedAt === undefined ? 0 : Math.floor(now / 1000) - signedAt
  return [
    ...(size > COOKIE_LIMIT ? [`It is longer than the ${COOKIE_LIMIT} bytes browsers keep.`] : []),
    ...(age > DEFAULT_LIFETIME
      ? ['It was signed more than 31 days ago, the default lifetime.']
      : []),
    ...(age < -60 ? ['It was signed in the future: the clocks of two machines differ.'] : []),
  ]
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

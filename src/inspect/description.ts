/** Describes one cookie: format, validity, size, times, data. */

import { flaskCodec, flaskLayout } from '../flask/layout.ts'
import {
  authenticatedAtOf,
  isPermanent,
  labelOf,
  userIdOf,
  waitingItems,
} from '../record/record.ts'
import { ownTimeouts } from '../record/session-lifetime.ts'
import { COOKIE_LIMIT, layoutWith } from '../session/setup/own-preset.ts'
import { recognise, type Recognised } from './formats.ts'
import type { PastedCookie } from './pasted.ts'
import { type GivenSecret, verify } from './verify.ts'

/** One cookie, described: what `--json` prints. */
export type Description = ReturnType<typeof describe>

/** The secrets, the time and the audience for a description. */
interface Circumstances {
  secrets: readonly GivenSecret[]
  /** Milliseconds since 1970. */
  now: number
  audience?: string | undefined
}

/** Describes a cookie. Without secrets it cannot say whether the cookie is valid. */
export function describe(
  { name, value, attributes }: PastedCookie,
  { secrets, now, audience = '' }: Circumstances,
) {
  const closed = recognise(value)
  const verdict = secrets.length > 0 ? verify({ name, audience }, closed, secrets) : undefined
  const looks = { ...closed, ...verdict?.opened }
  const { format, title, compressed, signedAt, parts = [], notes = [] } = looks
  const { session, created, authenticated, payloads = [], problem = [] } = sessionIn(looks)
  const bytes = Buffer.byteLength(value)
  const nameAndValue = name === undefined ? null : Buffer.byteLength(name) + bytes
  return {
    name: name ?? null,
    format,
    title,
    /** `null`: not checked, because there was no secret. */
    verified: verdict?.verified ?? null,
    /** How it was verified, why it is not valid, or that it was not checked. */
    verification:
      verdict?.says ??
      'The signature was not checked, because no secret was given. Add --env .env.',
    size: { value: bytes, nameAndValue, limit: COOKIE_LIMIT },
    compressed: compressed ?? null,
    /** ISO 8601, as the cookie contains them. */
    times: { signed: iso(signedAt), created: iso(created), authenticated: iso(authenticated) },
    session,
    parts,
    attributes,
    payloads: payloads.map(({ label, text }) => ({ label, json: jsonOf(text), text })),
    notes: [...notes, ...problem, ...notesOn(signedAt, nameAndValue ?? bytes, now)],
  }
}

/** The session in the payload, if it is one. */
function sessionIn({ format, payloads }: Recognised) {
  const text = payloads?.[0]?.text
  const isReadable = ['sojourn', 'sojourn-encrypted', 'flask'].includes(format)
  if (text === undefined || !isReadable) return { session: null, payloads }
  const layout = format === 'flask' ? flaskLayout(flaskCodec([])) : layoutWith([])
  const record = layout.decode(text)
  if (!record) {
    const problem = ['A value in it cannot be read: a server treats the visitor as anonymous.']
    return { session: null, payloads, problem }
  }
  const meta = { label: 'meta', text: layout.codec.join(record.meta) }
  const data = { label: 'data', text: layout.codec.join(record.data) }
  return {
    session: {
      permanent: isPermanent(record, layout),
      /** `session.lifetime`, in seconds. */
      lifetime: ownTimeouts(record, layout) ?? null,
      userId: userIdOf(record, layout) ?? null,
      label: labelOf(record, layout) ?? null,
      flashes: waitingItems(record, layout).length,
    },
    created: record.stamp.created,
    authenticated: authenticatedAtOf(record, layout),
    payloads: layout.flat ? payloads : [meta, data],
  }
}

const DEFAULT_LIFETIME = 31 * 86_400

function notesOn(signedAt: number | undefined, size: number, now: number): string[] {
  const age = signedAt === undefined ? 0 : Math.floor(now / 1000) - signedAt
  const notes: [holds: boolean, says: string][] = [
    [size > COOKIE_LIMIT, `It is longer than the ${COOKIE_LIMIT} bytes that browsers store.`],
    [age > DEFAULT_LIFETIME, 'It was signed more than 31 days ago, the default lifetime.'],
    [age < -60, 'It was signed in the future: the clocks of two machines differ.'],
  ]
  return notes.filter(([holds]) => holds).map(([, says]) => says)
}

function iso(seconds = Number.NaN): string | null {
  return new Date(seconds * 1000).toJSON()?.replace('.000Z', 'Z') ?? null
}

/** The value for programs; `null` if JavaScript's JSON cannot parse it, such as NaN. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

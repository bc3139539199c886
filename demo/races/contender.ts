/** What each library brings to the race: the same pages, written as its own documentation does. */

import type { RequestListener } from 'node:http'
import type { Moment } from './moment.ts'

/**
 * A library, and its pages:
 *
 * `POST /login` signs Ann in; `POST /increment` reads the counter and writes one more;
 * `POST /key/7` writes key 7; `POST /slow` reads, waits, and writes `slow`; `POST /logout`;
 * `GET /session` is what there is: `Kept` as JSON.
 */
export interface Contender {
  readonly name: string
  /** The first segment of its pages' paths. */
  readonly path: string
  /** Its version, and what it is set up with. */
  readonly with: string
  /** What an increment is in its app. */
  readonly code: string
  readonly listener: RequestListener
  /** Where all requests of a race can be held: each has read, and none has written. */
  readonly readFirst: Moment
  /** Where the slow request can be held while its visitor signs out. */
  readonly moments: readonly Moment[]
}

/** A session, as `GET /session` shows it. */
export interface Kept {
  readonly user: string | undefined
  readonly count: number
  readonly keys: number
}

/** What the race keeps in a session. */
export interface Raced {
  user?: string
  count?: number
  slow?: boolean
  [key: `key${number}`]: boolean
}

/** How many keys a session can have: better-auth wants each one declared. */
export const KEYS = 50

/** `Kept` of a session's data. */
export function keptOf(user: unknown, data: Readonly<Record<string, unknown>>): Kept {
  return {
    user: typeof user === 'string' ? user : undefined,
    count: Number(data['count'] ?? 0),
    keys: Object.keys(data).filter((key) => /^key\d+$/.test(key) && data[key] === true).length,
  }
}

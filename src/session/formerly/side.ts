/** One former side: its sessions, when they are accepted, and how many have come over. */

import { createHmac } from 'node:crypto'
import type { Opened, Rejection } from '../../backends/backend.ts'
import { invalid } from '../../base/options.ts'
import { fingerprintOf } from '../../crypto/fingerprint.ts'
import { keyFor } from '../../crypto/keys.ts'
import type { RequestFacts } from '../../http/request-facts.ts'
import type { Layout, SessionRecord } from '../../record/record.ts'
import type { FormerContext, FormerSettings, FormerUse } from '../setup/former-sides.ts'
import type { CheckedFormer } from './options.ts'
import { isOwnKey, MARK, type Spelling } from './view.ts'

/** A former side. */
export interface Side {
  readonly name: string
  readonly settings: FormerSettings
  /** In milliseconds since 1970. */
  readonly until: number
  readonly dualWrite: boolean
  readonly spelling: Spelling & { asNumber: boolean }
  /** The text of the mark in a session that has been moved to our side. */
  readonly mark: string
  /** Whether our cookie takes the place of theirs in the browser: the same name, Domain and Path. */
  readonly isReplaced: boolean
  readonly use: FormerUse
  /** The values of its cookie. */
  sent(facts: RequestFacts): readonly string[]
  /** What the id of our session is made of, for requests that move the same former one at once. */
  seed(values: readonly string[]): Uint8Array
}

/** Makes a former side. `at`: its name in messages. @throws ERR_OPTION_INVALID */
export function connectSide(
  former: CheckedFormer,
  { ours, resolve }: FormerContext,
  at: string,
): Side {
  const settings = resolve(former.sessions)
  const { backend, cookieName, cookiePlace, cookieValues, loginKeys, format } = settings
  const isReplaced = cookieName === ours.cookieName && cookiePlace === ours.cookiePlace
  if (former.dualWrite && isReplaced) {
    throw invalid(
      `${at}.dualWrite`,
      `needs two cookies, and both sides write '${cookieName}'. Give the new one another name: cookie: { name: 'shop' }`,
    )
  }
  const { layout } = backend
  const scope = { audience: ours.audience, cookieName: ours.cookieName }
  const seedKey = keyFor(ours.secrets[0]!, 'formerly', scope)
  const loginNames = new Set(loginKeys ? Object.keys(loginKeys(NOBODYS)) : [])
  const path = pathIn(layout, former, loginNames, at)
  const name = former.name ?? `${format} ${cookieName}`
  const use: FormerUse = {
    name,
    until: new Date(former.until),
    moved: 0,
    lastAt: undefined,
    refused: 0,
  }
  return {
    name,
    settings,
    until: former.until,
    dualWrite: former.dualWrite,
    spelling: { layout, path, asNumber: former.asNumber, loginNames },
    mark: layout.codec.encode(markOf(ours), MARK),
    isReplaced,
    use,
    seed(values) {
      const text = JSON.stringify([name, cookieName, ...values])
      return createHmac('sha512', seedKey).update(text).digest().subarray(0, 48)
    },
    sent: ({ cookie }) => (cookie ? cookieValues(cookie, cookieName) : NONE),
  }
}

/**
 * Where the user's id is, unless that is the layout's own place, of which it is no data.
 *
 * @throws ERR_OPTION_INVALID
 */
function pathIn(
  layout: Layout,
  { path, asNumber }: CheckedFormer,
  loginNames: ReadonlySet<string>,
  at: string,
): readonly string[] | undefined {
  if (path === undefined) {
    if (!asNumber || layout.flat) return undefined
    throw invalid(`${at}.userIdAs`, 'needs userId: without it the id is where Sojourn writes it')
  }
  const [root = ''] = path
  if (!isOwnKey(root, { layout, loginNames })) return path
  if (path.length === 1 && root === layout.names.userId) return undefined
  throw invalid(`${at}.userId`, `cannot be in '${root}', which is no data of the application`)
}

const NONE: readonly string[] = []

/** A request of which nothing is known, to learn the names of the keys that a login writes. */
const NOBODYS: RequestFacts = { cookie: undefined, header: () => undefined }

/**
 * Says to which sessions of ours a former session was moved. Another audience, or another format,
 * makes another mark: then it can be moved once more.
 */
function markOf({ cookieName, audience, stored }: FormerContext['ours']): string {
  return fingerprintOf(`${cookieName}\n${audience}\n${stored ? 'stored' : 'cookie'}`)
}

/** Whether a former session has been moved to our side, and was written by `dualWrite` since. */
export function isMarked(record: SessionRecord, { mark }: Side): boolean {
  return record.data.get(MARK)?.text === mark
}

/** Whether a cookie of a session that does not open was issued by this side nonetheless. */
export function isGenuine({ record, rejected }: Opened): boolean {
  return record !== undefined || rejected.some((reason) => DEAD.has(reason))
}

const DEAD: ReadonlySet<Rejection> = new Set([
  'expired',
  'expired-absolute',
  'gone',
  'revoked',
  'superseded',
  'replayed',
])

/** Whether our own cookie is of a session that has ended for good. */
export function hasEnded({ hasCookie, rejected }: Opened): boolean {
  if (!hasCookie) return true
  return rejected.every((reason) => DEAD.has(reason) && !IN_USE.has(reason))
}

/** Whether our own cookie is an earlier one of a session that goes on under another. */
export function isInUse({ rejected }: Opened): boolean {
  return rejected.some((reason) => IN_USE.has(reason))
}

const IN_USE: ReadonlySet<Rejection> = new Set(['superseded', 'replayed'])

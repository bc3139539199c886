/** One former side: its sessions, until when they are accepted, and how many were moved. */

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
  /** The mark in a former session that was moved to our side, encoded as text. */
  readonly mark: string
  /** Whether our cookie replaces the former one in the browser: same name, Domain and Path. */
  readonly isReplaced: boolean
  readonly use: FormerUse
  /** The values of the former cookie in a request. */
  sent(facts: RequestFacts): readonly string[]
  /** The seed of our session id: concurrent requests that move the same session get the same one. */
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
 * The path of the user's id in the data; `undefined` if the layout itself stores the user's id.
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
    throw invalid(
      `${at}.userIdAs`,
      'needs the option userId: without it no id is written as a number',
    )
  }
  const [root = ''] = path
  if (!isOwnKey(root, { layout, loginNames })) return path
  if (path.length === 1 && root === layout.names.userId) return undefined
  throw invalid(`${at}.userId`, `cannot be in '${root}', which is not the application's data`)
}

const NONE: readonly string[] = []

/** An empty request, to find out the names of the keys that a login writes. */
const NOBODYS: RequestFacts = { cookie: undefined, header: () => undefined }

/**
 * The mark of a session that was moved: a fingerprint of our cookie's name, audience and format. If
 * one of them changes, a former session can be moved once more.
 */
function markOf({ cookieName, audience, stored }: FormerContext['ours']): string {
  return fingerprintOf(`${cookieName}\n${audience}\n${stored ? 'stored' : 'cookie'}`)
}

/** Whether a former session was moved to our side: `dualWrite` marks it. */
export function isMarked(record: SessionRecord, { mark }: Side): boolean {
  return record.data.get(MARK)?.text === mark
}

/** Whether this side has issued the cookie, even if its session has ended. */
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

/** Whether the session of our own cookie has ended. */
export function hasEnded({ hasCookie, rejected }: Opened): boolean {
  if (!hasCookie) return true
  return rejected.every((reason) => DEAD.has(reason) && !IN_USE.has(reason))
}

/** Whether our own cookie has an earlier id of a session that continues under another id. */
export function isInUse({ rejected }: Opened): boolean {
  return rejected.some((reason) => IN_USE.has(reason))
}

const IN_USE: ReadonlySet<Rejection> = new Set(['superseded', 'replayed'])

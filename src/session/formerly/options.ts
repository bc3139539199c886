/** The options of `formerly()`, and their checks. */

import { invalid, oneOf, refuseUnknown, requireObject } from '../../base/options.ts'
import type { SessionOptions } from '../setup/options.ts'
import { timeOf } from '../setup/encryption.ts'

/** A former side: where sessions were saved before, and until when they are accepted. */
export interface FormerSessions {
  /**
   * The options that the former sessions were made with: those of `createSessions` before the
   * change, or a preset such as `flask({ SECRET_KEY })`. Leave out `clock`, `onEvent`, `events` and
   * `formerly`: those of the new `createSessions` apply.
   */
  sessions: SessionOptions
  /**
   * Until this time former sessions are accepted; later their cookies are expired and nothing else. A
   * `Date`, or ISO 8601 text: `'2027-03-01'`. At most 400 days ahead, as long as browsers store a
   * cookie.
   */
  until: Date | string
  /**
   * The path of the signed-in user's id in the former data: `'userId'`, or `'passport.user'` for
   * Passport. Not needed for Sojourn's own sessions and for Flask's preset. @default none
   */
  userId?: string
  /**
   * The type of user ids in the former data, for logins that `dualWrite` writes: 'number' writes `7`,
   * 'text' writes `'7'`. @default 'text'
   */
  userIdAs?: 'text' | 'number'
  /**
   * Whether each commit also writes the former session, so that you can go back to the former
   * application at any time and nobody is signed out. Each visit then reads the former session, and
   * sometimes writes it. The two cookies need different names.
   *
   * @default false: a session is moved once; then the former cookie is expired and the former session
   * ended
   */
  dualWrite?: boolean
  /** The name of this side in events and counts. @default preset and cookie: 'flask session' */
  name?: string
}

/** The longest time that browsers store a cookie (RFC 6265bis section 5.5). */
const LONGEST_WINDOW_MS = 400 * 86_400_000

/** Options that only the new `createSessions` has. */
const INHERITED = ['clock', 'onEvent', 'events', 'formerly'] as const

/** One former side, checked. `until` is in milliseconds since 1970. */
export interface CheckedFormer {
  readonly sessions: SessionOptions
  readonly until: number
  readonly path: readonly string[] | undefined
  readonly asNumber: boolean
  readonly dualWrite: boolean
  readonly name: string | undefined
}

/** Checks a former side. `at`: its name in messages. @throws ERR_OPTION_INVALID */
export function checkedFormer(given: unknown, at: string, now: number): CheckedFormer {
  const former = requireObject(given, at, '{ sessions, until }') as Partial<FormerSessions>
  const known = ['sessions', 'until', 'userId', 'userIdAs', 'dualWrite', 'name']
  refuseUnknown(former, known, `${at}.`, INSTEAD)
  const { sessions, userId, userIdAs = 'text', dualWrite = false, name } = former
  requireObject(sessions, `${at}.sessions`, '{ secret }, or a preset such as flask({ SECRET_KEY })')
  for (const option of INHERITED) {
    if (sessions![option] === undefined) continue
    throw invalid(`${at}.sessions.${option}`, 'is taken from the new side. Leave it out')
  }
  if (former.until === undefined) {
    throw invalid(
      `${at}.until`,
      "is missing. Pass the date until which former sessions are accepted, such as '2027-03-01'",
    )
  }
  const until = timeOf(former.until, `${at}.until`)
  if (until - now > LONGEST_WINDOW_MS) {
    throw invalid(
      `${at}.until`,
      'is more than 400 days ahead: no browser stores a cookie that long',
    )
  }
  if (userId !== undefined && !(typeof userId === 'string' && PATH.test(userId))) {
    throw invalid(`${at}.userId`, "has to be a key of the former data, such as 'passport.user'")
  }
  oneOf(userIdAs, ['text', 'number'], `${at}.userIdAs`)
  if (typeof dualWrite !== 'boolean') throw invalid(`${at}.dualWrite`, 'has to be true or false')
  if (name !== undefined && !(typeof name === 'string' && name !== '')) {
    throw invalid(`${at}.name`, "has to be text, such as 'flask'")
  }
  const path = userId?.split('.')
  return { sessions: sessions!, until, path, asNumber: userIdAs === 'number', dualWrite, name }
}

const PATH = /^[^.]+(?:\.[^.]+)*$/

const INSTEAD: Readonly<Record<string, string>> = {
  secret: 'Write it in sessions: { secret }',
  store: 'Write it in sessions: { store }',
  preset: 'Write sessions: flask({ SECRET_KEY })',
  migrateUntil: 'Write until',
}

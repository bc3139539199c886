/** The options of `formerly()`, and their checks. */

import { invalid, oneOf, refuseUnknown, requireObject } from '../../base/options.ts'
import type { SessionOptions } from '../setup/options.ts'
import { timeOf } from '../setup/encryption.ts'

/** Where sessions were before, and until when they are accepted. */
export interface FormerSessions {
  /**
   * The options that the former sessions were made with: those of `createSessions` before the change,
   * or a preset such as `flask({ SECRET_KEY })`. Not its `clock`, `onEvent`, `events` and `formerly`:
   * those of the new side apply.
   */
  sessions: SessionOptions
  /**
   * From this time on former sessions are not accepted, and their cookies are only expired. A `Date`,
   * or ISO 8601 text: `'2027-03-01'`. At most 400 days ahead, as long as browsers store a cookie.
   */
  until: Date | string
  /**
   * Where the former data has the id of the signed-in user: `'userId'`, or `'passport.user'` for
   * Passport. Sojourn's own sessions and Flask's preset need none. @default none
   */
  userId?: string
  /**
   * How the former data has ids, for logins that `dualWrite` writes: 'number' for `7` instead of
   * `'7'`. @default 'text'
   */
  userIdAs?: 'text' | 'number'
  /**
   * Whether each commit also writes the former session, so that the former application can take over
   * at any time without signing anybody out. It costs a read and at times a write of the former side
   * at each visit. Needs another cookie than ours.
   *
   * @default false: a session is moved once, its old cookie expires, and the old session ends
   */
  dualWrite?: boolean
  /** Its name in events and counts. @default the preset's name and the cookie's, 'flask session' */
  name?: string
}

/** As long as browsers store a cookie (RFC 6265bis section 5.5). */
const LONGEST_WINDOW_MS = 400 * 86_400_000

/** Options that the new side decides. */
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
    throw invalid(`${at}.sessions.${option}`, 'is that of the new side. Leave it out')
  }
  if (former.until === undefined) {
    throw invalid(
      `${at}.until`,
      "is missing: a date from which former sessions are not accepted any more, such as '2027-03-01'",
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
  secret: 'It belongs into sessions: { secret }',
  store: 'It belongs into sessions: { store }',
  preset: 'Write sessions: flask({ SECRET_KEY })',
  migrateUntil: 'Write until',
}

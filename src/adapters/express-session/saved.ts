/** What is saved of a session, as texts to compare: its data, and the attributes of its cookie. */

import { ROW_COOKIE } from '../../formerly/express-layout.ts'
import { durationOf } from '../../base/duration.ts'
import type { SessionLifetime } from '../../session/setup/own-preset.ts'
import type { Session as OwnSession } from '../../session/session.ts'
import { Cookie, dataOf } from './cookie.ts'
import { ID_KEY } from './setup.ts'

/** The data of the session underneath, as JSON: numbers that only our own API can store as numbers. */
export function savedTexts(session: OwnSession): Map<string, string> {
  const texts = new Map<string, string>()
  for (const [key, value] of session as Iterable<[string, unknown]>) {
    if (key === ID_KEY || key === ROW_COOKIE) continue
    const text = JSON.stringify(value, (_key, part: unknown) =>
      typeof part === 'bigint' ? Number(part) : part,
    ) as string | undefined
    if (text !== undefined) texts.set(key, text)
  }
  return texts
}

/** The attributes as they are saved. Without `expires`, which is counted from the last visit. */
export function attributesOf(cookie: Cookie): string {
  const { expires: _expires, ...attributes } = dataOf(cookie)
  return JSON.stringify(attributes)
}

/** Whether the data are other than those that are saved. */
export function isOther(
  texts: ReadonlyMap<string, string>,
  saved: ReadonlyMap<string, string>,
): boolean {
  return texts.size !== saved.size || [...texts].some(([key, text]) => saved.get(key) !== text)
}

/** The attributes of a session's cookie: its own, if it has any, and the usual ones. */
export function cookieOf(own: unknown, usual: Cookie): Cookie {
  const saved = (typeof own === 'object' && own !== null ? own : {}) as Record<string, unknown>
  const cookie = new Cookie({ ...usual.data, ...saved, expires: null })
  const { expires } = saved
  const originalMaxAge = 'originalMaxAge' in saved ? saved.originalMaxAge : usual.originalMaxAge
  if (typeof expires === 'string') cookie.expires = new Date(expires)
  else if (typeof originalMaxAge === 'number') cookie.maxAge = originalMaxAge
  cookie.originalMaxAge = originalMaxAge as number | null
  return cookie
}

/** The idle timeout of a session with this cookie, in whole seconds; `undefined` for the usual one. */
export function lifetimeOf({ originalMaxAge }: Cookie): SessionLifetime | undefined {
  if (typeof originalMaxAge !== 'number') return undefined
  const wholeSeconds = Math.floor(originalMaxAge / 1000) * 1000
  return { idle: durationOf(Math.max(1000, wholeSeconds)) }
}

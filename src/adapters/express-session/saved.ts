/** The saved data and cookie attributes of a session, as text that can be compared. */

import { ROW_COOKIE } from '../../formerly/express-layout.ts'
import { durationOf } from '../../base/duration.ts'
import type { SessionLifetime } from '../../session/setup/own-preset.ts'
import type { Session as OwnSession } from '../../session/session.ts'
import { Cookie, dataOf } from './cookie.ts'
import { ID_KEY } from './setup.ts'

/** The data of the session as JSON text by key. A bigint, which JSON does not have, is a number. */
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

/** The attributes as they are saved: without `expires`, which changes with each visit. */
export function attributesOf(cookie: Cookie): string {
  const { expires: _expires, ...attributes } = dataOf(cookie)
  return JSON.stringify(attributes)
}

/** Whether the data differs from the saved data. */
export function isOther(
  texts: ReadonlyMap<string, string>,
  saved: ReadonlyMap<string, string>,
): boolean {
  return texts.size !== saved.size || [...texts].some(([key, text]) => saved.get(key) !== text)
}

/** The attributes of a session's cookie: its own where it has any, otherwise the usual ones. */
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

/** The idle timeout that this cookie sets, in whole seconds; `undefined`: that of the options. */
export function lifetimeOf({ originalMaxAge }: Cookie): SessionLifetime | undefined {
  if (typeof originalMaxAge !== 'number') return undefined
  const wholeSeconds = Math.floor(originalMaxAge / 1000) * 1000
  return { idle: durationOf(Math.max(1000, wholeSeconds)) }
}

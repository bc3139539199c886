/** What is saved of a session, as texts to compare: its data, and the attributes of its cookie. */

import { ROW_COOKIE } from '../../formerly/express-layout.ts'
import type { Session as OwnSession } from '../../session/session.ts'
import { type Cookie, dataOf } from './cookie.ts'
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

/** Bad ids of stored sessions, and what becomes of any cookie that somebody has laid hands on. */

import { sessionIdFormat } from '../../src/backends/stored/session-id.ts'
import { deriveKey } from '../../src/crypto/keyring.ts'
import type { Sessions } from '../../src/index.ts'
import type { SessionStore } from '../../src/backends/stored/store.ts'
import type { FakeClock } from '../../src/testing/time/clock.ts'
import { OLD_SECRET, SECRET, Visitor } from '../session/visitor.ts'

/** What a browser sends: the Cookie header, its characters as bytes; and why it opens nothing. */
export type BadCookie = readonly [name: string, header: string, reason: string]

/** A genuine cookie after somebody has laid hands on it. */
export function tampered(value: string): [name: string, value: string][] {
  const other = (at: number) => {
    const kept = value.at(at) === 'A' ? 'B' : 'A'
    const index = at < 0 ? value.length + at : at
    return value.slice(0, index) + kept + value.slice(index + 1)
  }
  const middle = Math.floor(value.length / 2)
  return [
    ['cut by one', value.slice(0, -1)],
    ['cut in half', value.slice(0, middle)],
    ['without its beginning', value.slice(1)],
    ['another first character', other(0)],
    ['another character in the middle', other(value[middle] === '.' ? middle + 1 : middle)],
    ['another last character', other(-1)],
    ['padded', `${value}=`],
    ['doubled', value + value],
    ['with a letter more', `${value}A`],
    ['in capitals', value.toUpperCase()],
  ]
}

/** An id, signed: what only the holder of the secret can send. */
export const anId = (
  secret: string,
  selector = 'A'.repeat(22),
  verifier = 'B'.repeat(43),
  name = 'session',
) =>
  sessionIdFormat([deriveKey(Buffer.from(secret), 'sojourn/1', 'session id', '', name)]).issue(
    selector,
    verifier,
  )

/** Ids: the sessions of some do not exist, of others do not any more. */
export async function ids(sessions: Sessions<any>, store: SessionStore, clock: FakeClock) {
  const visitor = async () => {
    const made = new Visitor(sessions)
    await made.visit((session) => session.set('x', 1))
    return made
  }
  const value = ({ cookie }: Visitor) => cookie!.slice('session='.length)
  const selectorOf = (made: Visitor) => value(made).split('.')[0]!
  const [expired, renewed] = [await visitor(), await visitor()]
  const replayed = value(renewed)
  for (let times = 0; times < 2; times += 1) {
    clock.advance(60_000)
    await renewed.visit((session) => session.regenerate())
    await renewed.visit()
  }
  const ofLongAgo = value(expired)
  clock.advance(11 * 3_600_000)
  const [ended, living, spoiled] = [await visitor(), await visitor(), await visitor()]
  const over = value(ended)
  await ended.visit((session) => session.logout())
  const row = (await store.read(selectorOf(spoiled)))!
  await store.swap(selectorOf(spoiled), row.write, { ...row, write: 'spoiled', body: 'nonsense' })
  clock.advance(60_000)
  const made: [name: string, value: string, reason: string][] = [
    ...tampered(value(living)).map(([name, text]) => [name, text, ''] as const),
    ['unknown', anId(SECRET), 'gone'],
    ['ended', over, 'gone'],
    ['expired', ofLongAgo, ''],
    ['renewed since, and over', replayed, 'gone'],
    ['with a guessed proof', anId(SECRET, selectorOf(living)), 'replayed'],
    ['of a row that was spoiled', value(spoiled), 'corrupt'],
    ['under another secret', anId(OLD_SECRET, selectorOf(living)), 'signature'],
    ['of another name', anId(SECRET, selectorOf(living), undefined, 'other'), 'signature'],
    ['a handle alone', selectorOf(living), 'malformed'],
  ].map(([name, text, reason]) => [name!, text!, reason!])
  return made.map(([name, text, reason]): BadCookie => [name, `session=${text}`, reason])
}

/** What each library is compared by: the same pages, on its session as its own README uses it. */

import { randomBytes } from 'node:crypto'
import type { Moment } from '../../demo/races/moment.ts'

/** A library's session of one request, with the calls that its README shows. */
export interface Bag {
  get(key: string): unknown
  set(key: string, value: unknown): void
  /** Counts one more. @default reads, waits at the moment, and sets */
  increment?(): void
  /** Says who is signed in. */
  login(user: string): void | Promise<void>
  logout(): void | Promise<void>
  /** Where the app has to say that the session is to be saved. */
  save?(): Promise<void>
}

/** A library. */
export interface Peer {
  /** Its package, of which the version is shown. */
  readonly name: string
  readonly setUp: string
  /** Starts its app on a free port; it ends with the test. Answers the origin. */
  start(options: StartOptions): Promise<string>
  /** With a store: what is in it, as text, and the session id in the value of a cookie. */
  readonly store?: { text(): string; idIn(cookie: string): string }
}

/** How to start an app. */
export interface StartOptions {
  readonly secret: string
  /** Where a request can be held between its read and its write. */
  readonly moment: Moment
  /** Where the store can be held before it writes. */
  readonly saving: Moment
}

/** Where an app runs its pages. */
export type Pages = (path: string, bag: Bag) => Promise<unknown>

/** The pages: what a request to a path does with its session, and the JSON that it answers. */
export function pagesAt(moment: Moment): Pages {
  return async (path, bag) => {
    const [, page, key = ''] = path.split('/')
    if (page === 'session') return { user: bag.get('user') ?? null, count: bag.get('count') ?? 0 }
    if (page === 'keys') return Array.from({ length: 20 }, (_, at) => bag.get(`key${at}`) ?? null)
    if (page === 'date') return bag.get('date') instanceof Date ? 'Date' : typeof bag.get('date')
    if (page === 'login') await bag.login('ann')
    else if (page === 'logout') await bag.logout()
    else if (page === 'increment') await increment(bag, moment)
    else if (page === 'set-date') bag.set('date', new Date(0))
    else if (page === 'big') bag.set('big', randomBytes(4500).toString('base64'))
    else if (page === 'slow' || page === 'key') {
      bag.get('user')
      await moment.pass()
      bag.set(page === 'key' ? `key${key}` : 'slow', true)
    }
    await bag.save?.()
    return 'done'
  }
}

async function increment(bag: Bag, moment: Moment): Promise<void> {
  const count = Number(bag.get('count') ?? 0)
  await moment.pass()
  if (bag.increment) bag.increment()
  else bag.set('count', count + 1)
}

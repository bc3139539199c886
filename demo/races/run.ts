/** The race: the same requests to one library, and what its session holds afterwards. */

import { setTimeout } from 'node:timers/promises'
import type { Contender, Kept } from './contender.ts'
import { KEYS } from './contender.ts'

/** How to race. */
export interface RaceOptions {
  /** Where the contender is mounted: `http://127.0.0.1:3000/express-session`. */
  readonly url: string
  readonly increments: number
  /** How many requests at once. The next ones begin when these are answered. @default all */
  readonly atOnce?: number
  /** Milliseconds between them, for somebody who watches. @default none */
  readonly pause?: number
  /** `all-read-first`: no request writes before all that run have read. `as-it-comes`: by chance. */
  readonly order: 'all-read-first' | 'as-it-comes'
  /** Called with each step, while the race runs. */
  readonly report?: (step: Step) => void
}

/** What has just happened in a race. */
export type Step =
  | { readonly race: 'increments' | 'keys'; readonly answered: number; readonly kept: Kept }
  | { readonly race: 'logout'; readonly event: string }
  | { readonly race: 'logout'; readonly after: AfterLogout }

/** What a library kept. */
export interface Result {
  readonly name: string
  /** Of `increments`. */
  readonly counted: number
  /** Of `KEYS`. */
  readonly keys: number
  /** For each moment in which the slow request was held: whether the visitor is signed in again. */
  readonly afterLogout: readonly AfterLogout[]
}

/** Where a slow request was held, what it was answered, and whether the cookie of before is valid. */
export interface AfterLogout {
  readonly where: string
  readonly signedInAgain: boolean
  readonly status: number
}

/** Runs the three races. @throws if a request that has to succeed does not */
export async function race(contender: Contender, options: RaceOptions): Promise<Result> {
  const { report } = options
  const visitor = await signedIn(options.url)
  await together('increments', options.increments, () => visitor.post('/increment'))
  await together('keys', KEYS, (at) => visitor.post(`/key/${at}`))
  const { count, keys } = await visitor.kept()
  const afterLogout: AfterLogout[] = []
  for (const moment of contender.moments) {
    const after = { where: moment.where, ...(await slowRequest(moment)) }
    afterLogout.push(after)
    report?.({ race: 'logout', after })
  }
  return { name: contender.name, counted: count, keys, afterLogout }

  async function together(
    name: 'increments' | 'keys',
    count: number,
    act: (at: number) => Promise<number>,
  ): Promise<void> {
    const { atOnce = count, pause = 0 } = options
    for (let from = 0; from < count; from += atOnce) {
      const size = Math.min(atOnce, count - from)
      await wave(size, (at) => act(from + at))
      report?.({ race: name, answered: from + size, kept: await visitor.kept() })
      if (pause > 0) await setTimeout(pause)
    }
  }

  async function wave(count: number, act: (at: number) => Promise<number>): Promise<void> {
    const held = options.order === 'all-read-first' ? contender.readFirst.hold(count) : undefined
    const answers = Promise.all(Array.from({ length: count }, (_, at) => act(at)))
    // If a request fails before it arrives, `answers` rejects, and the others go on.
    await Promise.race([held?.arrived, answers]).finally(() => held?.release())
    const failed = (await answers).filter((status) => status >= 300)
    if (failed.length > 0)
      throw new Error(`${contender.name} answered ${failed[0]} to ${failed.length}`)
  }

  /** Begun before the logout, ended after it. */
  async function slowRequest(moment: Contender['moments'][number]) {
    const leaving = await signedIn(options.url)
    const held = moment.hold(1)
    const slow = leaving.post('/slow')
    await Promise.race([held.arrived, slow])
    report?.({
      race: 'logout',
      event: `The slow request has read the session. It is held ${moment.where}.`,
    })
    await leaving.post('/logout').finally(() => held.release())
    report?.({ race: 'logout', event: 'The visitor has signed out. The slow request goes on.' })
    const status = await slow
    const { user } = await leaving.kept()
    return { signedInAgain: user !== undefined, status }
  }
}

/** A browser that keeps the cookies of its login, as a second tab does that has not noticed. */
async function signedIn(url: string) {
  const login = await fetch(`${url}/login`, { method: 'POST' })
  if (!login.ok) throw new Error(`${url}/login was answered ${login.status}`)
  const cookie = login.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  const headers = { cookie }
  return {
    async post(path: string): Promise<number> {
      const response = await fetch(`${url}${path}`, { method: 'POST', headers })
      await response.arrayBuffer()
      return response.status
    },
    async kept(): Promise<Kept> {
      const response = await fetch(`${url}/session`, { headers })
      if (!response.ok) throw new Error(`${url}/session was answered ${response.status}`)
      return (await response.json()) as Kept
    },
  }
}

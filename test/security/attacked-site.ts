/** A site with a login, through any adapter on any backend, and the jars of its visitors and of a thief. */

import type { SessionOptions } from '../../src/index.ts'
import { fakeClock } from '../../src/testing/time/clock.ts'
import { barrier } from '../promises/stores.ts'
import {
  type AdapterName,
  ADAPTERS,
  type BackendName,
  backendOf,
  type Page,
} from './adapters-and-backends.ts'
import type { Answer, Ask } from './asking.ts'

/** What `home` shows. */
export interface Shown {
  readonly user: string
  readonly data: Readonly<Record<string, unknown>>
}

export const NOBODY: Shown = { user: 'nobody', data: {} }

/** Opens the site; it closes with the test. */
export async function attackedSite(
  adapter: AdapterName,
  backend: BackendName,
  options: Partial<SessionOptions> = {},
) {
  const clock = fakeClock()
  const place = await backendOf(backend, clock)
  const { sessions, events } = place.sessions(options)
  const slow = barrier()
  const ask = await ADAPTERS[adapter](sessions, pageOf(slow))
  return {
    clock,
    place,
    sessions,
    events,
    slow,
    jar: (cookie?: string) => jarOn(ask, cookie),
    /** What a Cookie header opens, without changing anything. */
    opens: (cookie: string | undefined) => opens(ask, cookie),
    /** The same site, as another process serves it with other options. */
    async elsewhere(others: Partial<SessionOptions>) {
      const other = place.sessions(others)
      const askThere = await ADAPTERS[adapter](other.sessions, pageOf(slow))
      const there = (cookie: string | undefined) => opens(askThere, cookie)
      return {
        events: other.events,
        opens: there,
        jar: (cookie?: string) => jarOn(askThere, cookie),
      }
    },
  }
}

/** The site's pages; the work of those called `slow-...` waits until it is told. */
function pageOf(slow: ReturnType<typeof barrier>): Page {
  return async (open, { path, query }) => {
    const session = await open()
    const [name, wait] = path.startsWith('slow-') ? [path.slice(5), true] : [path, false]
    if (wait) await slow.wait()
    let shown: unknown = null
    if (name === 'home')
      shown = { user: session.userId ?? 'nobody', data: Object.fromEntries(session) }
    if (name === 'fill') session.set('cart', [query.get('with') ?? 'tea'])
    if (name === 'sign-in') session.login(query.get('as') ?? 'ann')
    if (name === 'sign-out') session.logout()
    if (name === 'renew') session.regenerate()
    return { body: JSON.stringify(shown) }
  }
}

async function opens(ask: Ask, cookie: string | undefined): Promise<Shown> {
  const { body } = await ask('/home', cookie === undefined ? {} : { headers: { cookie } })
  return JSON.parse(body) as Shown
}

/** A cookie jar for one cookie, and what can be done with it. */
export function jarOn(ask: Ask, cookie?: string) {
  const jar = {
    cookie,
    /** Asks for a page, and keeps the cookie it comes with. */
    async visit(path: string): Promise<Answer> {
      const answer = await jar.ask(path)
      jar.take(answer)
      return answer
    },
    /** The same without keeping the cookie. */
    ask(path: string): Promise<Answer> {
      return ask(`/${path}`, jar.cookie === undefined ? {} : { headers: { cookie: jar.cookie } })
    },
    /** Takes the Set-Cookie line of an answer, as when it arrives late. */
    take(answer: Answer): void {
      const line = lineOf(answer)
      if (line === undefined) return
      jar.cookie = /; Max-Age=0(;|$)/.test(line) ? undefined : line.split(';')[0]
    },
  }
  return jar
}

/** The line that sets our cookie. */
export function lineOf({ headers }: Answer): string | undefined {
  return headers.getSetCookie().find((line) => line.startsWith('session='))
}

/** The key of the row that an id names. */
export function selectorOf(cookie: string | undefined): string | undefined {
  return cookie?.slice('session='.length).split('.')[0]
}

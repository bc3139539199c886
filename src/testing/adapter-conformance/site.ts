/** The site that an adapter scenario asks: its pages, and the sessions behind them. */

import type { Maybe } from '../../base/ports.ts'
import { createSessions } from '../../session/create-sessions.ts'
import type { Session } from '../../session/session.ts'
import type { Sessions } from '../../session/sessions.ts'
import type { SessionOptions } from '../../session/setup/options.ts'
import { memoryStore } from '../../stores/memory/memory.ts'
import { fakeClock, type FakeClock } from '../time/clock.ts'
import type { AppReply, AppRequest } from './exchange.ts'
import type { ConformanceApp } from './harness.ts'

/** One request for a page. */
export interface Call {
  readonly carrier: object
  readonly request: AppRequest
  readonly sessions: Sessions<any>
  /** Opens the session by the carrier. */
  open(): Promise<Session<any>>
}

/** Makes the reply to a request: what is no reply is sent as a text. */
export type Page = (call: Call) => Maybe<AppReply | string | number | undefined>

/** How a site differs from one whose sessions are in a signed cookie, mounted once. */
export interface SiteOptions {
  readonly options?: Partial<SessionOptions>
  /** Keeps the sessions in a memory store, which `isAway` makes fail. */
  readonly isStored?: true
  /** Which sessions are mounted, given the site's own. */
  readonly mount?: (own: Sessions<any>) => readonly Sessions<any>[]
  readonly before?: (session: Session<any>) => unknown
  readonly errorPage?: (error: unknown, session: Session<any>) => AppReply
}

/** The app of a site, and what a scenario turns. */
export interface SiteParts {
  readonly app: ConformanceApp
  readonly clock: FakeClock
  readonly store: { isAway: boolean }
}

/** The pages that each site has. */
const PAGES: Readonly<Record<string, Page>> = {
  '/count': async ({ open }) => count(await open()),
  '/seen': async ({ open }) => (await open()).get('count', 'none'),
  '/flash': async ({ open }) => void (await open()).flash('hello'),
  '/flashes': async ({ open }) => flashesOf(await open()),
  '/token': async ({ open }) => (await open()).set('seen', true).csrfToken(),
  '/who': async ({ open }) => {
    const session = await open()
    return `${session.userId ?? 'nobody'} ${flashesOf(session)}`.trim()
  },
  '/login': async ({ open }) => {
    const session = await open()
    session.login('ada')
    session.flash('Welcome')
    return redirect('/who')
  },
  '/logout': async ({ open }) => {
    ;(await open()).logout()
    return redirect('/who')
  },
}

/** Makes the app of a site with these pages besides. */
export function makeSite(more: Readonly<Record<string, Page>>, site: SiteOptions): SiteParts {
  const clock = fakeClock()
  const store = { isAway: false }
  const sessions: Sessions<any> = createSessions<any>({
    secret: 'adapter-conformance-4f9d1c27ab5e83f06b',
    cookie: { name: 'session', secure: false },
    clock,
    // Nothing is printed: a scenario provokes it.
    onEvent: () => {},
    ...(site.isStored && { store: fragile(clock, store) }),
    ...site.options,
  })
  const pages = { ...PAGES, ...more }
  const app: ConformanceApp = {
    sessions,
    mount: site.mount?.(sessions) ?? [sessions],
    async handle(carrier, request) {
      const found = pages[request.path] ?? pages['*']
      if (!found) return text(`no page: ${request.path}`, { status: 501 })
      const call = { carrier, request, sessions, open: () => sessions.get(carrier) }
      const reply = await found(call)
      return typeof reply === 'object' ? reply : text(reply)
    },
    async before(carrier) {
      if (site.before) await site.before(await sessions.get(carrier))
    },
    errorPage:
      site.errorPage &&
      (async (error, carrier) => site.errorPage!(error, await sessions.get(carrier))),
  }
  return { app, clock, store }
}

function fragile(clock: FakeClock, state: { readonly isAway: boolean }) {
  const store = memoryStore({ clock })
  const verbs = Object.entries(store).filter(([, verb]) => typeof verb === 'function')
  const fragiles = verbs.map(([name, verb]) => [
    name,
    (...args: unknown[]) => {
      if (state.isAway) return Promise.reject(new Error('away'))
      return Reflect.apply(verb as () => unknown, store, args)
    },
  ])
  return {
    ...store,
    ...Object.fromEntries(fragiles),
    // It is no verb: it takes the verbs of the object that it is called on.
    backend: store.backend,
    // Some adapters refuse a store in memory by name, for apps of several processes. This is one.
    engine: 'conformance',
  } as typeof store
}

/** A reply with this text. */
export function text(body: unknown, parts: Partial<AppReply> = {}): AppReply {
  const headers = { 'content-type': 'text/plain; charset=utf-8' }
  return { status: 200, headers, cookies: [], body: String(body), ...parts }
}

/** A reply without a body. */
export function empty(status: number, headers: Readonly<Record<string, string>> = {}): AppReply {
  return { status, headers, cookies: [], body: null }
}

/** A redirect after a form. */
export function redirect(location: string): AppReply {
  return empty(303, { location })
}

/** Counts in the session, and returns the count. */
export function count(session: Session<any>): number {
  return session.update('count', (n = 0) => n + 1)
}

/** A page that counts, and sends this. */
export function counted(reply: AppReply): Page {
  return async ({ open }) => {
    count(await open())
    return reply
  }
}

function flashesOf(session: Session<any>): string {
  return session
    .flashes()
    .map(({ message }) => message)
    .join()
}

/** What the adapter scenarios work with: a site behind the adapter, browsers, and exact messages. */

import assert from 'node:assert/strict'
import type { Maybe } from '../../base/ports.ts'
import { createSessions } from '../../session/create-sessions.ts'
import type { Session } from '../../session/session.ts'
import type { Sessions } from '../../session/sessions.ts'
import type { SessionOptions } from '../../session/setup/options.ts'
import { memoryStore } from '../../stores/memory/memory.ts'
import { fakeClock, type FakeClock } from '../time/clock.ts'
import type { AdapterFeature, AdapterHarness, AppErrorPage, StartedApp } from './harness.ts'
import type { AppReply, AppRequest } from './exchange.ts'

/** A sentence about an adapter, and the check that throws an AssertionError if it is not true. */
export interface Scenario {
  readonly id: string
  readonly name: string
  /** What the adapter has to offer for it. */
  readonly needs?: AdapterFeature | undefined
  readonly check: (bench: Bench) => Promise<void>
}

/** Makes a scenario. */
export function it(id: string, name: string, check: Scenario['check']): Scenario {
  return { id, name, check }
}

/** Makes a scenario for adapters that offer something. */
export function itWith(
  needs: AdapterFeature,
  ...[id, name, check]: Parameters<typeof it>
): Scenario {
  return { id, name, needs, check }
}

/** One request to the site, for its page. */
export interface Call {
  readonly carrier: object
  readonly request: AppRequest
  readonly path: string
  /** Opens the session by the carrier. */
  open(): Promise<Session<any>>
}

/** What the site does with every request. */
export type Page = (call: Call) => Maybe<AppReply>

/** How a site differs from one whose sessions are in a signed cookie, mounted once. */
export interface SiteOptions {
  readonly options?: Partial<SessionOptions>
  /** In a memory store, which `site.store` takes away. */
  readonly isStored?: true
  /** Which sessions are mounted, given the site's own. */
  readonly mount?: (own: Sessions<any>) => readonly Sessions<any>[]
  /** Called before the framework looks for a route. */
  readonly before?: (open: () => Promise<Session<any>>) => unknown
  readonly errorPage?: AppErrorPage
}

/** A site that runs. */
export interface Site {
  readonly origin: string
  readonly sessions: Sessions<any>
  readonly clock: FakeClock
  /** Makes every call of the store fail, until it is told otherwise. */
  readonly store: { isAway: boolean }
  /** A browser without cookies. */
  browser(): Browser
}

/** An answer of the site. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The Set-Cookie lines whose cookie has this name. */
  lines(name?: string): string[]
}

/** A browser with a cookie jar, which follows no redirect. */
export interface Browser {
  readonly cookies: Map<string, string>
  ask(path?: string, init?: RequestInit): Promise<Answer>
  /** Asks, and fails unless it is a 200; returns the text. */
  read(path?: string, init?: RequestInit): Promise<string>
  /** The same until the headers are there; the body is left to the caller. */
  begin(path?: string, init?: RequestInit): Promise<Response>
}

/** Starts sites for one scenario. */
export interface Bench {
  /** How many requests are interleaved. */
  readonly requests: number
  readonly throwRedirect: ((location: string) => never) | undefined
  site(page: Page, options?: SiteOptions): Promise<Site>
  /** Stops what was started. */
  stop(): Promise<void>
}

/** Makes the bench of one scenario. */
export function benchOn(harness: AdapterHarness): Bench {
  const started: StartedApp[] = []
  return {
    requests: harness.requests ?? 200,
    throwRedirect: harness.throwRedirect,
    async site(
      page,
      { options, isStored, mount = (own: Sessions<any>) => [own], before, errorPage } = {},
    ) {
      const clock = fakeClock()
      const outage = { isAway: false }
      const sessions: Sessions<any> = createSessions<any>({
        secret: SECRET,
        cookie: { name: 'session', secure: false },
        clock,
        // Reported to nobody: a scenario provokes what would be printed.
        onEvent: () => {},
        ...(isStored && { store: fragile(clock, outage) }),
        ...options,
      })
      const app = await harness.start({
        sessions,
        mount: mount(sessions),
        async handle(carrier, request) {
          const open = () => sessions.get(carrier)
          return page({ carrier, request, path: request.path, open })
        },
        async before(carrier) {
          await before?.(() => sessions.get(carrier))
        },
        errorPage,
      })
      started.push(app)
      const { origin } = app
      return { origin, sessions, clock, store: outage, browser: () => browserOn(origin) }
    },
    async stop() {
      for (const app of started) await app.stop()
    },
  }
}

const SECRET = 'adapter-conformance-4f9d1c27ab5e83f06b'

function fragile(clock: FakeClock, outage: { readonly isAway: boolean }) {
  const store = memoryStore({ clock })
  const verbs = Object.entries(store).filter(([, verb]) => typeof verb === 'function')
  const fragiles = verbs.map(([name, verb]) => [
    name,
    (...args: unknown[]) =>
      outage.isAway
        ? Promise.reject(new Error('away'))
        : Reflect.apply(verb as () => unknown, store, args),
  ])
  // `backend` is no verb of the store: it takes those of the object that it is called on.
  return { ...store, ...Object.fromEntries(fragiles), backend: store.backend } as typeof store
}

function browserOn(origin: string): Browser {
  const cookies = new Map<string, string>()
  const browser: Browser = {
    cookies,
    async begin(path = '/', init = {}) {
      const headers = new Headers(init.headers)
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      if (cookie && !headers.has('cookie')) headers.set('cookie', cookie)
      const response = await fetch(origin + path, { ...init, headers, redirect: 'manual' })
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        if (/;\s*max-age=0/i.test(line)) cookies.delete(name)
        else cookies.set(name, value)
      }
      return response
    },
    async ask(path, init) {
      const response = await browser.begin(path, init)
      const { status, headers } = response
      const text = await response.text()
      return {
        status,
        headers,
        text,
        lines: (name = 'session') =>
          headers.getSetCookie().filter((line) => line.startsWith(`${name}=`)),
      }
    },
    async read(path, init) {
      const answer = await browser.ask(path, init)
      same('status', answer.status, 200)
      return answer.text
    },
  }
  return browser
}

/** A page with this text. */
export function page(text: unknown, parts: Partial<AppReply> = {}): AppReply {
  const headers = { 'content-type': 'text/plain; charset=utf-8' }
  return { status: 200, headers, cookies: [], body: String(text), ...parts }
}

/** A redirect after a form. */
export function redirect(location: string): AppReply {
  return { status: 303, headers: { location }, cookies: [], body: null }
}

/** Counts in the session, and returns the count. */
export function count(session: Session<any>): number {
  return session.update('count', (n = 0) => n + 1)
}

/** Fails unless they are equal, with a message that an exception can quote: `status: 500, not 401`. */
export function same(what: string, actual: unknown, expected: unknown): void {
  assert.equal(actual, expected, `${what}: ${shown(actual)}, not ${shown(expected)}`)
}

/** Fails unless the text matches. */
export function matches(what: string, actual: string | null, pattern: RegExp): void {
  assert.match(actual ?? '', pattern, `${what}: ${shown(actual)} does not match ${String(pattern)}`)
}

function shown(value: unknown): string {
  return typeof value === 'string' && value.length > 200
    ? `${value.slice(0, 200)}...`
    : String(value)
}

/** A promise that the test fulfils. */
export function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = () => {}
  const passed = new Promise<void>((resolve) => (open = resolve))
  return { passed, open }
}

/** The code of the error that a step throws; `none` without one. */
export async function codeFrom(step: () => unknown): Promise<string> {
  try {
    await step()
    return 'none'
  } catch (error) {
    return codeOf(error)
  }
}

/** The code of an error, in words. */
export function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code)
}

/** What the adapter scenarios work with: a site behind the adapter, browsers, and exact messages. */

import assert from 'node:assert/strict'
import type { AdapterFeature, AdapterHarness } from './harness.ts'
import { makeSite, type Page, type SiteOptions, type SiteParts } from './site.ts'

/** A sentence about an adapter, and the check that throws an AssertionError if it is not true. */
export interface Scenario {
  readonly id: string
  readonly name: string
  readonly check: (bench: Bench) => Promise<void>
  /** What the adapter has to offer for it. */
  readonly needs: AdapterFeature | undefined
}

/** Makes a scenario. The id of one for adapters that offer something begins with what: `routes: ...`. */
export function it(id: string, name: string, check: Scenario['check']): Scenario {
  const [needs, own] = id.split(': ')
  return own === undefined
    ? { id, name, check, needs: undefined }
    : { id: own, name, check, needs: needs as AdapterFeature }
}

/** Starts sites for one scenario. */
export interface Bench {
  /** How many requests are interleaved. */
  readonly requests: number
  readonly throwRedirect: AdapterHarness['throwRedirect']
  /** Starts a site that has these pages besides those of every site; `*` is for other paths. */
  site(pages?: Readonly<Record<string, Page>>, options?: SiteOptions): Promise<Site>
  /** Stops what was started. */
  stop(): Promise<void>
}

/** A site that runs. */
export interface Site extends Omit<SiteParts, 'app'> {
  readonly origin: string
  /** A browser without cookies. */
  browser(): Browser
}

/** A response that was read. */
export interface Answer {
  readonly status: number
  readonly text: string
  /** `null` if there is none. */
  header(name: string): string | null
  /** The Set-Cookie lines of the cookie with this name. @default 'session' */
  lines(name?: string): string[]
}

/** A browser with a cookie jar, which follows no redirect. */
export interface Browser {
  readonly cookies: Map<string, string>
  ask(path: string, init?: RequestInit): Promise<Answer>
  /** Sends a POST without a body, but with these headers. */
  post(path: string, headers?: Record<string, string>, body?: string): Promise<Answer>
  /** Asks, and fails unless it is a 200; returns the text. */
  read(path: string, init?: RequestInit): Promise<string>
  /** Returns when the headers are there; the body is left to the caller. */
  begin(path: string, init?: RequestInit): Promise<Response>
}

/** Makes the bench of one scenario. */
export function benchOn(harness: AdapterHarness): Bench {
  const stops: (() => Promise<unknown>)[] = []
  return {
    requests: harness.requests ?? 200,
    throwRedirect: harness.throwRedirect,
    async site(pages = {}, options = {}) {
      const { app, clock, store } = makeSite(pages, options)
      const running = await harness.start(app)
      stops.push(async () => {
        await running.stop()
        // Nothing goes on: a logout that the store did not confirm would be tried again.
        store.isAway = false
        await app.sessions.close()
      })
      const { origin } = running
      return { origin, clock, store, browser: () => browserOn(origin) }
    },
    async stop() {
      for (const stop of stops) await stop()
    },
  }
}

function browserOn(origin: string): Browser {
  const cookies = new Map<string, string>()
  const browser: Browser = {
    cookies,
    async begin(path, init = {}) {
      const headers = new Headers(init.headers)
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      if (cookie && !headers.has('cookie')) headers.set('cookie', cookie)
      // An adapter that does not respond fails, and does not hang.
      const signals = [AbortSignal.timeout(60_000), ...(init.signal ? [init.signal] : [])]
      const signal = AbortSignal.any(signals)
      const response = await fetch(origin + path, { ...init, headers, signal, redirect: 'manual' })
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
      return {
        status,
        text: await response.text(),
        header: (name) => headers.get(name),
        lines: (name = 'session') =>
          headers.getSetCookie().filter((line) => line.startsWith(`${name}=`)),
      }
    },
    post: (path, headers = {}, body = '') => browser.ask(path, { method: 'POST', headers, body }),
    async read(path, init) {
      const answer = await browser.ask(path, init)
      same('status', answer.status, 200)
      return answer.text
    },
  }
  return browser
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
  return typeof value === 'string' ? value.slice(0, 200) : String(value)
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

/** The code of an error, as a text. */
export function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code)
}

/** A site of the tests behind real HTTP, and the browsers that visit it. */

import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type ErrorRequestHandler } from 'express'
import { onTestFinished } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import type { Session, Sessions } from '../../src/index.ts'
import { refusalOf } from '../../src/session/explain/refusal.ts'

/** What a page does with the visitor's session; what it answers is shown as JSON. */
export type Page = (session: Session<any>, query: URLSearchParams) => unknown

/** Serves a listener until the test is over; answers its address. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An app's error handler, which sends what the library sends by itself elsewhere. */
export const errorPage: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  const { status, headers, body } = refusalOf(error)
  res.status(status).set(headers).send(body)
}

/** An Express app without error handling of its own, one route for each page. */
export function expressSite(
  sessions: Sessions<any>,
  pages: Readonly<Record<string, Page>>,
): Promise<string> {
  const app = express().disable('x-powered-by').disable('etag')
  app.use(sessionMiddleware(sessions))
  for (const [path, page] of Object.entries(pages)) {
    app.all(`/${path}`, async (req, res) => {
      const shown = await page(
        await sessions.get(req),
        new URL(req.url, 'http://site').searchParams,
      )
      if (shown instanceof URL) res.redirect(303, shown.pathname)
      else res.json(shown ?? null)
    })
  }
  return serve(app)
}

/** An answer, as a browser sees it. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** The line that sets or clears our cookie. */
  readonly setCookie: string | undefined
  readonly body: string
  /** The body as JSON, where the page has answered. */
  readonly shown: any
}

/** A visitor with a cookie jar of one cookie. */
export interface Browser {
  cookie: string | undefined
  /** Asks for a page, and keeps the cookie it comes with. */
  visit(path: string): Promise<Answer>
  /** The same without keeping the cookie. */
  ask(path: string): Promise<Answer>
  /** Takes the Set-Cookie line of an answer, as when it arrives late. */
  take(answer: Answer): void
}

/** Opens a browser on a site. */
export function browser(url: string, cookie?: string): Browser {
  const jar: Browser = {
    cookie,
    async ask(path) {
      const headers = jar.cookie === undefined ? {} : { cookie: jar.cookie }
      const response = await fetch(`${url}/${path}`, { redirect: 'manual', headers })
      const body = await response.text()
      return {
        status: response.status,
        headers: response.headers,
        setCookie: response.headers.getSetCookie().find((line) => line.startsWith('session=')),
        body,
        shown: response.status === 200 ? JSON.parse(body) : undefined,
      }
    },
    async visit(path) {
      const answer = await jar.ask(path)
      jar.take(answer)
      return answer
    },
    take({ setCookie }) {
      if (setCookie === undefined) return
      jar.cookie = /; Max-Age=0(;|$)/.test(setCookie) ? undefined : setCookie.split(';')[0]
    },
  }
  return jar
}

/** Does something so many times, some of them at once. */
export async function inLanes(
  times: number,
  lanes: number,
  act: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < times) await act(next++)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

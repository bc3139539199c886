/** Starts the demo in this process, with databases in memory and a clock that tests turn. */

import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { onTestFinished } from 'vitest'
import { createApp } from '../../demo/app.ts'
import { sqliteStore } from '../../demo/sojourn.ts'
import { type Visitor, visitor } from '../examples/visitor.ts'

/** The demo while it runs. */
export interface Running {
  readonly origin: string
  readonly db: DatabaseSync
  /** Lets time pass. */
  pass(minutes: number): void
  /** The next form that is sent, once it was answered. */
  nextPost(): Promise<{ readonly headers: IncomingHttpHeaders; readonly status: number }>
  /** Somebody new. */
  guest(): Visitor
  /** Somebody who has signed in. */
  member(id: keyof typeof PASSWORDS): Promise<Visitor>
}

/** The passwords on the sign-in page. */
export const PASSWORDS = { ada: 'engine-1843', grace: 'compiler-1952' } as const

/** Starts it, its sessions in SQLite or in the cookie; it ends with the test. */
export async function startDemo(place: 'sqlite' | 'cookie' = 'sqlite'): Promise<Running> {
  let now = Date.UTC(2026, 5, 1, 9)
  const clock = () => now
  const db = new DatabaseSync(':memory:')
  const kept = new DatabaseSync(':memory:')
  const store = sqliteStore(kept, { clock })
  await store.createSchema()
  const options = { db, secret: SECRET, clock, store: place === 'sqlite' ? store : undefined }
  const server = createServer(createApp(options).app)
  await new Promise<void>((resolve) => server.listen(0, resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    db.close()
    kept.close()
  })
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  return {
    origin,
    db,
    pass: (minutes) => void (now += minutes * 60_000),
    nextPost: () =>
      new Promise((resolve) => {
        server.on('request', function told({ method, headers }, res) {
          if (method !== 'POST') return
          server.off('request', told)
          res.on('finish', () => resolve({ headers, status: res.statusCode }))
        })
      }),
    guest: () => browser(origin),
    async member(id) {
      const member = browser(origin)
      await member.post('/sign-in', { name: id, password: PASSWORDS[id] })
      await member.get('/profile')
      return member
    },
  }
}

/** A visitor whose browser says of each request that the site itself had it sent. */
export function browser(origin: string): Visitor {
  const bare = visitor(origin)
  const send: Visitor['send'] = (path, init) => {
    const headers = new Headers(init.headers)
    headers.set('sec-fetch-site', 'same-origin')
    return bare.send(path, { ...init, headers })
  }
  return {
    cookies: bare.cookies,
    get: (path) => send(path, {}),
    post: (path, fields = {}) => send(path, { method: 'POST', body: new URLSearchParams(fields) }),
    send,
  }
}

const SECRET = 'bGFudGVybi1oaWxsLTQ3MTEtbWFwbGUtcml2ZXItMDgxNQ'

/** The text a reader sees, without tags and on one line. */
export function read(page: string): string {
  const body = page.slice(page.indexOf('<main'), page.indexOf('</main>'))
  return body
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

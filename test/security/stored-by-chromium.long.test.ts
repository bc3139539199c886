/** The session cookie as Chromium stores it, read over the DevTools protocol. */

import express from 'express'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { createSessions, type Sessions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { startChromium } from '../demo/chromium.ts'
import { keepTable } from '../demo/pictures.ts'
import { serveHosts } from './https-sites.ts'

let browser: Browser

beforeAll(async () => {
  browser = await startChromium()
})

afterAll(() => browser?.close())

const CART = Array.from({ length: 12 }, (_, at) => ({ article: `lantern ${at}`, count: at }))

/** An app that puts a cart into the session. */
function site(sessions: Sessions<{ cart: typeof CART }>, permanent = false) {
  const app = express().use(sessionMiddleware(sessions))
  app.get('/', async (req, res) => {
    const session = await sessions.get(req)
    session.login('ada')
    session.set('cart', CART)
    session.permanent = permanent
    res.send('<link rel="icon" href="data:,">')
  })
  return app
}

test('Chromium stores the cookie as a session of each kind sets it: name, flags, expiry and size', async () => {
  vi.stubEnv('NODE_ENV', 'production')
  onTestFinished(() => void vi.unstubAllEnvs())
  const lifetime = { idle: '2h', permanent: '30d' } as const
  const signed = createSessions<{ cart: typeof CART }>({ secret: SECRET, lifetime })
  const port = await serveHosts({
    'signed.test': site(signed),
    'encrypted.test': site(createSessions({ secret: SECRET, lifetime, encrypt: true })),
    'stored.test': site(createSessions({ secret: SECRET, lifetime, store: memoryStore() })),
    'permanent.test': site(signed, true),
  })
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  for (const kind of Object.keys(KINDS)) {
    await page.goto(`https://${kind}.test:${port}/`)
    expect(await page.evaluate('document.cookie'), kind).toBe('')
  }
  const protocol = await context.newCDPSession(page)
  const { cookies } = await protocol.send('Network.getAllCookies')
  expect(cookies.map(({ domain }) => domain).toSorted()).toEqual(
    // No dot before it: this host only.
    ['encrypted.test', 'permanent.test', 'signed.test', 'stored.test'],
  )
  const of = (kind: string) => cookies.find(({ domain }) => domain === `${kind}.test`)!
  for (const cookie of cookies) {
    expect(cookie).toMatchObject({
      name: '__Host-Http-session',
      path: '/',
      httpOnly: true,
      secure: true,
      sameSite: 'Lax',
      sourceScheme: 'Secure',
      session: cookie.domain !== 'permanent.test',
      size: cookie.name.length + cookie.value.length,
    })
    expect(cookie.partitionKey).toBeUndefined()
    expect(cookie.size).toBeLessThan(4096)
  }
  expect(of('stored').size).toBeLessThan(of('signed').size)
  const isReadable = (kind: string) =>
    of(kind)
      .value.split('.')
      .some((part) => Buffer.from(part, 'base64url').includes('lantern 3'))
  expect(Object.keys(KINDS).filter(isReadable)).toEqual(['signed', 'permanent'])

  const until = ({ session, expires }: (typeof cookies)[number]) =>
    session
      ? 'until the browser ends'
      : `${Math.round((expires - Date.now() / 1000) / 86_400)} days`
  expect(until(of('permanent'))).toBe('30 days')
  await keepTable(browser, 'cookies-in-chromium', {
    title: 'The session cookie in production, as Chromium stores it',
    columns: [
      'session',
      'its value',
      'name',
      'host',
      'path',
      'HttpOnly',
      'Secure',
      'SameSite',
      'stored',
      'size',
    ],
    rows: Object.entries(KINDS).map(([kind, words]) => {
      const cookie = of(kind)
      return [
        ...words,
        cookie.name,
        cookie.domain,
        cookie.path,
        cookie.httpOnly ? '✓' : '✗',
        cookie.secure ? '✓' : '✗',
        String(cookie.sameSite),
        until(cookie),
        `${cookie.size} bytes`,
      ]
    }),
    note: `Chromium ${browser.version()}, Network.getAllCookies of the DevTools protocol. The session holds a user id and a cart of ${CART.length} articles. The size counts name and value; browsers accept 4096 bytes.`,
  })
  await context.close()
})

const SECRET = 'q7Rk2vX9-mB4tZ8wL1nC6yH3pD5sF0gJ'

const KINDS = {
  signed: ['signed', 'the data, readable'],
  permanent: ['signed, permanent', 'the data, readable'],
  encrypted: ['encrypted', 'the data, encrypted'],
  stored: ['on a store', 'an id'],
} as const

/**
 * SameSite and the prefixes of cookie names in Chromium, over HTTPS with a self-signed certificate:
 * which requests of another site carry the session cookie, and who can set or replace it.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { createSessions } from '../../src/index.ts'
import { startChromium, startWindow } from '../demo/chromium.ts'
import { keepTable } from '../demo/pictures.ts'
import { serve } from '../promises/site.ts'
import { serveHosts } from './https-sites.ts'

let browser: Browser

beforeAll(async () => {
  browser = await startChromium()
})

afterAll(() => browser?.close())

const NAME = '__Host-Http-session'

/** A shop with sessions as they are in production, another site, and a neighbour below its domain. */
async function sites() {
  vi.stubEnv('NODE_ENV', 'production')
  onTestFinished(() => void vi.unstubAllEnvs())
  const sessions = createSessions({ secret: 'q7Rk2vX9-mB4tZ8wL1nC6yH3pD5sF0gJ' })
  const asked = new Map<string, string>()
  const waiting = new Map<string, () => void>()
  const shop = express().use(sessionMiddleware(sessions))
  shop.get('/login', async (req, res) => {
    const session = await sessions.get(req)
    session.login('ada')
    // To compare: requests of other sites carry this one.
    res.append('Set-Cookie', 'other=1; Secure; SameSite=None')
    res.send(BLANK)
  })
  shop.get('/set', (req, res) => void res.set('Set-Cookie', String(req.query['line'])).send(BLANK))
  shop.all('/asked/:by', (req, res) => {
    asked.set(req.params.by, req.headers.cookie ?? '')
    waiting.get(req.params.by)?.()
    res.send(BLANK)
  })
  let markup = ''
  const other = express()
  other.get('/set', (req, res) => void res.set('Set-Cookie', String(req.query['line'])).send(BLANK))
  other.get('/', (_req, res) => void res.send(BLANK + markup))
  const port = await serveHosts({ 'shop.test': shop, 'blog.shop.test': other, 'evil.test': other })
  const profile = mkdtempSync(join(tmpdir(), 'sojourn-chromium-'))
  onTestFinished(() => rmSync(profile, { recursive: true, maxRetries: 10 }))
  // In a private window images, frames and scripts of other sites carry no cookie at all.
  const context = await startWindow(profile, { ignoreHTTPSErrors: true })
  onTestFinished(() => context.close())
  return {
    context,
    shop: `https://shop.test:${port}`,
    neighbour: `https://blog.shop.test:${port}`,
    evil: `https://evil.test:${port}`,
    /** The same shop over plain HTTP. */
    plain: (await serve(shop)).replace('127.0.0.1', 'shop.test'),
    /** What the other site's page is from now on. */
    show: (text: string) => void (markup = text),
    /** The Cookie header of the request `/asked/NAME`, once it has come. */
    async cookiesOf(by: string): Promise<string> {
      if (!asked.has(by)) await new Promise<void>((resolve) => waiting.set(by, resolve))
      return asked.get(by)!
    },
  }
}

const BLANK = '<!doctype html><link rel="icon" href="data:,">'

/** Why Chromium refuses Set-Cookie lines of a page, by its own word for it. */
async function refusals(page: Page, url: string): Promise<string[]> {
  const protocol = await page.context().newCDPSession(page)
  await protocol.send('Network.enable')
  const seen = new Promise<string[]>((resolve) => {
    protocol.on('Network.responseReceivedExtraInfo', ({ blockedCookies }) => {
      resolve(blockedCookies.flatMap(({ blockedReasons }) => blockedReasons))
    })
  })
  await page.goto(url)
  const reasons = await seen
  await protocol.detach()
  return reasons
}

/** The cookies of the browser by their names, in alphabetical order. */
async function namesIn(context: BrowserContext): Promise<string[]> {
  return (await context.cookies()).map(({ name }) => name).toSorted()
}

const note = () =>
  `Chromium ${browser.version()} over HTTPS, a self-signed certificate; the shop's cookie is the one that Sojourn sets in production.`

describe('which requests carry the session cookie (SameSite=Lax)', () => {
  const form = (url: string) => `<form method="post" action="${url}"><button>Post</button></form>`
  const OF_OTHERS: readonly [by: string, what: string, (url: string) => string][] = [
    ['post', 'A form of another site posts to the shop', form],
    ['image', 'Another site shows an image of the shop', (url) => `<img src="${url}">`],
    ['frame', 'Another site shows the shop in a frame', (url) => `<iframe src="${url}"></iframe>`],
    [
      'fetch',
      'A script of another site fetches with credentials',
      (url) => `<script>fetch('${url}', { mode: 'no-cors', credentials: 'include' })</script>`,
    ],
  ]

  test('a link from another site does, and so does a form of the own site; nothing else of another site does', async () => {
    const { context, shop, evil, show, cookiesOf } = await sites()
    const rows: string[][] = []
    const page = await context.newPage()
    await page.goto(`${shop}/login`)
    expect(await namesIn(context)).toEqual([NAME, 'other'])
    for (const [by, what, markup] of OF_OTHERS) {
      show(markup(`${shop}/asked/${by}`))
      await page.goto(evil)
      if (by === 'post') await page.getByRole('button').click()
      expect(await cookiesOf(by), what).toBe('other=1')
      rows.push([what, '✓ not sent'])
    }
    show(`<a href="${shop}/asked/link">Shop</a>`)
    await page.goto(evil)
    await page.getByRole('link').click()
    expect(await cookiesOf('link')).toContain(`${NAME}=`)
    rows.push(['The visitor follows a link from another site (GET)', '✓ sent'])

    await page.goto(`${shop}/login`)
    await page.setContent(form(`${shop}/asked/own`))
    await page.getByRole('button').click()
    expect(await cookiesOf('own')).toContain(`${NAME}=`)
    rows.push(['A form of the shop posts to the shop', '✓ sent'])

    await keepTable(browser, 'samesite-in-chromium', {
      title: 'SameSite=Lax: which requests carry the session cookie',
      columns: ['request', 'session cookie'],
      rows,
      note: `${note()} A cookie with SameSite=None was sent with each of these requests.`,
    })
  })
})

describe('who can set a cookie of the name of the session', () => {
  const FLAGS = 'Path=/; Secure; HttpOnly'
  const REFUSED: readonly [what: string, attributes: string][] = [
    ['with Domain=shop.test', `${FLAGS}; Domain=shop.test`],
    ['without Secure', 'Path=/; HttpOnly'],
    ['without HttpOnly', 'Path=/; Secure'],
    ['with Path=/set', 'Path=/set; Secure; HttpOnly'],
  ]

  // A Chromium that fails here is older than `__Http-` and `__Host-Http-`.
  test('only the shop itself, over HTTPS and with all attributes: no plain connection, no neighbour and no script', async () => {
    const { context, shop, neighbour, plain, cookiesOf } = await sites()
    const rows: string[][] = []
    const page = await context.newPage()
    const set = (origin: string, line: string) =>
      refusals(page, `${origin}/set?line=${encodeURIComponent(line)}`)

    expect(await refusals(page, `${plain}/login`)).toContain('SecureOnly')
    expect(await namesIn(context)).toEqual([])
    expect(await refusals(page, `${shop}/login`)).toEqual([])
    expect(await namesIn(context)).toEqual([NAME, 'other'])
    rows.push(['The shop, over HTTPS', NAME, '✓ stored'])
    rows.push(['The shop, over HTTP', NAME, '✓ refused (SecureOnly)'])
    await context.clearCookies()

    for (const [what, attributes] of REFUSED) {
      expect(await set(shop, `${NAME}=evil; ${attributes}`), what).toEqual(['InvalidPrefix'])
      rows.push([`The shop, over HTTPS, ${what}`, NAME, '✓ refused (InvalidPrefix)'])
    }
    expect(await set(neighbour, `${NAME}=evil; ${FLAGS}; Domain=shop.test`)).toEqual([
      'InvalidPrefix',
    ])
    rows.push(['A neighbour, with Domain=shop.test', NAME, '✓ refused (InvalidPrefix)'])
    expect(await namesIn(context)).toEqual([])

    // What the prefix is good for: without it the neighbour's cookie comes to the shop.
    expect(await set(neighbour, `session=evil; ${FLAGS}; Domain=shop.test`)).toEqual([])
    await page.goto(`${shop}/asked/tossed`)
    expect(await cookiesOf('tossed')).toBe('session=evil')
    rows.push(['A neighbour, with Domain=shop.test', 'session', '✗ stored, sent to the shop'])
    await context.clearCookies()

    for (const name of [NAME, '__Http-session', '__Host-session']) {
      await page.evaluate(`document.cookie = '${name}=evil; Path=/; Secure'`)
    }
    // The prefix `__Host-` alone does not stop a script.
    expect(await namesIn(context)).toEqual(['__Host-session'])
    rows.push(['A script of the shop (document.cookie)', NAME, '✓ refused'])
    rows.push(['A script of the shop (document.cookie)', '__Http-session', '✓ refused'])
    rows.push(['A script of the shop (document.cookie)', '__Host-session', '✗ stored'])

    await keepTable(browser, 'prefixes-in-chromium', {
      title: 'Prefixes: who can set a cookie that the shop would read as its session',
      columns: ['who', 'name of the cookie', 'Chromium'],
      rows,
      note: `${note()} A neighbour is a site below the same domain: blog.shop.test.`,
    })
  })
})

/**
 * The inspector in a real browser: a developer watches a visitor, and revokes a session. Screenshots are
 * kept in the folder that PICTURES names.
 */

import { mkdtempSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inspector } from '../../src/devtools/devtools.ts'
import { createSessions } from '../../src/index.ts'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { startChromium } from '../demo/chromium.ts'

const SECRET = 'q7Rk2vX9-mB4tZ8wL1nC6yH3pD5sF0gJ'
const pictures = process.env['PICTURES'] ?? mkdtempSync(join(tmpdir(), 'sojourn-inspector-'))

const SIZES: Record<string, BrowserContextOptions> = {
  light: { viewport: { width: 1280, height: 900 } },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, deviceScaleFactor: 2 },
}

let browser: Browser
let server: Server
let origin: string

beforeAll(async () => {
  const sessions = createSessions<{ cart: string[]; visits: number; theme: string }>({
    secret: SECRET,
    store: memoryStore(),
    lifetime: { idle: '2h', permanent: '30d', absolute: '12h' },
  })
  const app = express()
  app.use(inspector(sessions, { secret: SECRET }), sessionMiddleware(sessions))
  app.get('/', async (req, res) => {
    const session = await sessions.get(req)
    session.update('visits', (n = 0) => n + 1)
    res.send('<link rel="icon" href="data:,"><h1>Shop</h1>')
  })
  app.get('/login', async (req, res) => {
    const session = await sessions.get(req)
    session.set('cart', ['tea', 'bread']).set('theme', 'dark')
    session.label = 'Chromium on Linux'
    session.login('ada')
    res.redirect(303, '/')
  })
  server = createServer(app).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  origin = `http://localhost:${(server.address() as AddressInfo).port}`
  browser = await startChromium()
})

afterAll(async () => {
  await browser?.close()
  server?.closeAllConnections()
  server?.close()
})

async function opened(options: BrowserContextOptions) {
  const context = await browser.newContext(options)
  const complaints: string[] = []
  const page = await context.newPage()
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  return { context, page, complaints }
}

const textOf = (page: Page, id: string) => page.locator(`#${id}`).innerText()

test.each(Object.keys(SIZES))('a developer sees the session and what it does, %s', async (size) => {
  const { context, page, complaints } = await opened(SIZES[size]!)
  await page.goto(`${origin}/login`)
  const inspecting = await context.newPage()
  inspecting.on('pageerror', (error) => complaints.push(String(error)))
  inspecting.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  await inspecting.goto(`${origin}/__sessions`)
  await inspecting.getByText('live').waitFor()
  await inspecting.getByText('The session is valid.').waitFor()
  expect(await textOf(inspecting, 'facts')).toContain('ada')
  expect(await textOf(inspecting, 'data')).toContain('visits')
  expect(await textOf(inspecting, 'times')).toMatch(/Idle timeout\s+1 h 59 min/)
  // What the visitor does next arrives by itself.
  await page.goto(origin)
  await inspecting.getByText('Saved: visits.').first().waitFor()
  const overflow = () =>
    inspecting.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
  expect(await overflow()).toBeLessThanOrEqual(0)
  await inspecting.screenshot({ path: join(pictures, `inspector-${size}.png`), fullPage: true })
  expect(complaints).toEqual([])
  await context.close()
})

test('a session that is revoked in the inspector signs the other browser out', async () => {
  const other = await opened({})
  await other.page.goto(`${origin}/login`)
  const { page } = await opened({})
  await page.goto(`${origin}/login`)
  await page.goto(`${origin}/__sessions`)
  await page
    .getByRole('button', { name: /^Revoke/ })
    .first()
    .waitFor()
  const before = await page.getByRole('button', { name: /^Revoke/ }).count()
  for (let left = before; left > 0; left--) {
    await page
      .getByRole('button', { name: /^Revoke/ })
      .first()
      .click()
    await page
      .locator('#others button')
      .nth(left - 1)
      .waitFor({ state: 'detached' })
  }
  await other.page.goto(`${origin}/__sessions`)
  await other.page.getByText('The store has no session of this id').first().waitFor()
})

test('a pasted cookie is explained, by the keyboard alone', async () => {
  const { page, complaints } = await opened({})
  await page.goto(`${origin}/__sessions`)
  await page.getByLabel(/A value, a Cookie/).focus()
  await page.keyboard.type('Cookie: session=eyJ1c2VyIjoiYWRhIn0.aU5vdA.c2lnbmF0dXJl')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.locator('#explained dl').first().waitFor()
  expect(await textOf(page, 'explained')).toContain('what it is')
  expect(complaints).toEqual([])
})

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serve } from '../promises/site.ts'
import { startChromium } from './chromium.ts'
import { PASSWORDS, type Running, startDemo } from './start.ts'

let browser: Browser

beforeAll(async () => {
  browser = await startChromium()
})

afterAll(() => browser?.close())

// Over plain HTTP browsers send Sec-Fetch-Site to this machine's own names only: elsewhere they are
// as browsers without it. A neighbour's requests come with the visitor's cookie, SameSite or not.
const PLACES = [
  ['another site', 'localhost', '127.0.0.1', 'cross-site'],
  ['a neighbour, on another port', 'localhost', 'localhost', 'same-site'],
  ['another site, without Sec-Fetch-Site', 'shop.test', 'evil.test', undefined],
  ['a neighbour, without Sec-Fetch-Site', 'shop.test', 'blog.shop.test', undefined],
] as const

const form = (target: string, more = '') =>
  `<form method="post" action="${target}" ${more}><input name="text" value="break in"></form>`
const SUBMIT = '<script>document.forms[0].submit()</script>'

/** What has no origin is of no site either. */
const FRAMED = 'a form in a frame of no origin'

const ATTACKS: Readonly<Record<string, (target: string) => string>> = {
  'a form': (target) => form(target) + SUBMIT,
  'a form with a token of no session': (target) =>
    form(`${target}?_csrf=x`, '').replace(
      '</form>',
      `<input name="_csrf" value="${'A'.repeat(43)}"></form>`,
    ) + SUBMIT,
  'a form in parts': (target) => form(target, 'enctype="multipart/form-data"') + SUBMIT,
  'a form as text': (target) => form(target, 'enctype="text/plain"') + SUBMIT,
  'a form that hides where it is': (target) =>
    `<meta name="referrer" content="no-referrer">${form(target)}${SUBMIT}`,
  [FRAMED]: (target) =>
    `<iframe sandbox="allow-scripts allow-forms" srcdoc='${form(target)}${SUBMIT}'></iframe>`,
  'a form in a new window': (target) => form(target, 'target="_blank"') + SUBMIT,
  'a fetch': (target) =>
    `<script>fetch('${target}', { method: 'POST', mode: 'no-cors', credentials: 'include', body: new URLSearchParams({ text: 'break in' }) })</script>`,
  'a beacon': (target) =>
    `<script>navigator.sendBeacon('${target}', new URLSearchParams({ text: 'break in' }))</script>`,
}

async function signIn(page: Page, own: string): Promise<void> {
  await page.goto(`${own}/sign-in`)
  await page.locator('#name').fill('ada')
  await page.locator('#password').fill(PASSWORDS.ada)
  await page.locator('main form button').click()
  expect(new URL(page.url()).pathname).toBe('/profile')
}

function todos({ db }: Running): unknown[] {
  return db.prepare('select text from todo').all()
}

describe.each(PLACES)('in a real browser, %s', (where, ownHost, evilHost, fetchSite) => {
  const isNeighbour = where.startsWith('a neighbour')

  test('cannot use a visitor; and the own form can', async () => {
    const demo = await startDemo()
    const own = demo.origin.replace('localhost', ownHost)
    let attack = ''
    const evil = (
      await serve((_req, res) => {
        res.setHeader('content-type', 'text/html; charset=utf-8').end(`<!doctype html>${attack}`)
      })
    ).replace('127.0.0.1', evilHost)
    const context = await browser.newContext()
    await signIn(await context.newPage(), own)

    for (const [name, page] of Object.entries(ATTACKS)) {
      attack = page(`${own}/todo`)
      const tab = await context.newPage()
      const answered = demo.nextPost()
      // Not awaited: the page may leave before the browser has told that it came.
      void tab.goto(evil).catch(() => {})
      const { headers, status } = await answered
      expect(status, name).toBe(403)
      const isFramed = name === FRAMED
      expect(headers['sec-fetch-site'], name).toBe(fetchSite && isFramed ? 'cross-site' : fetchSite)
      if (isNeighbour && !isFramed) expect(headers.cookie, name).toContain('session=')
      expect(todos(demo), name).toEqual([])
    }

    const page = await context.newPage()
    await page.goto(`${own}/todo`)
    await page.locator('#text').fill('buy tea')
    await page.locator('main form button').first().click()
    expect(await page.getByRole('status').innerText()).toContain('buy tea')
    expect(todos(demo)).toEqual([{ text: 'buy tea' }])
    await context.close()
  })
})

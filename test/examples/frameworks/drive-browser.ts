/** Drives an example app in Chromium: scripts, client-side navigation, prefetching, the back button. */

import assert from 'node:assert/strict'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { Differences } from './drive.ts'
import { readPage } from './page.ts'

/** What an app does differently in a browser. */
export interface BrowserDifferences extends Pick<Differences, 'countsElsewhere'> {
  /** Links load data by script and keep the document, as in Next, React Router and SvelteKit. */
  readonly navigatesByScript?: true
  /**
   * Hovering a link loads its page by a plain `fetch`, which the server cannot tell from a visit: it
   * counts, and shows the messages. Hovering is then not driven.
   */
  readonly preloadIsVisit?: true
}

/**
 * Goes through all pages as somebody who clicks. Throws an error that names the step.
 *
 * After signing out, the back button may show a page from the browser's memory: going back is no
 * request (RFC 9111 section 6). Once the page is asked for again, nobody is signed in.
 */
export async function driveBrowser(
  browser: Browser,
  base: string,
  differences: BrowserDifferences = {},
): Promise<void> {
  const context = await browser.newContext({ baseURL: base })
  const page = await context.newPage()
  const failures: string[] = []
  page.on('pageerror', (error) => failures.push(String(error)))
  const step = async (name: string, act: () => Promise<unknown>) => {
    try {
      await act()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const shown = await page.content().catch(() => 'nothing')
      throw new Error(`${name}: ${reason}\n\n${page.url()} shows:\n${shown.slice(0, 2000)}`, {
        cause: error,
      })
    }
  }
  try {
    await step('open /', async () => {
      await page.goto('/')
      await shows(page, '#who', 'Not signed in')
    })
    await step('sign in', () => signIn(page, differences))
    await step('fill the cart', () => fillCart(page, differences))
    if (!differences.preloadIsVisit) {
      await step('hover every link of /', () => hoverEverything(context, page, differences))
    }
    await step('sign out and go back', () => signOut(page, differences))
    assert.deepEqual(failures, [], 'errors of scripts')
  } finally {
    await context.close()
  }
}

async function signIn(page: Page, differences: BrowserDifferences): Promise<void> {
  await follow(page, '/account', '/login', differences)
  await page.waitForLoadState('networkidle')
  await page.locator('input[name=name]').fill('ada')
  await send(page)
  await page.waitForURL('**/account')
  await shows(page, 'h1', 'Account of ada')
  await page.goto('/')
  await shows(page, '#who', 'Signed in as ada')
  await showsFlashes(page, ['Welcome, ada'])
  await page.reload()
  await shows(page, '#who', 'Signed in as ada')
  await showsFlashes(page, [])
}

async function fillCart(page: Page, differences: BrowserDifferences): Promise<void> {
  await follow(page, '/cart', '/cart', differences)
  for (const [at, item] of ['tea', 'bread'].entries()) {
    await page.locator('input[name=item]').fill(item)
    await send(page)
    await shows(page, `#cart li:nth-child(${at + 1})`, item)
    await showsFlashes(page, [`Added ${item}`])
  }
  await page.reload()
  await shows(page, '#cart li:nth-child(2)', 'bread')
  await showsFlashes(page, [])
}

/** Prefetches what the app prefetches while a message waits: it is still there afterwards. */
async function hoverEverything(
  context: BrowserContext,
  page: Page,
  { countsElsewhere }: BrowserDifferences,
): Promise<void> {
  await page.goto('/')
  const before = await visitsOf(page)
  const cookies = await context.cookies()
  for (const link of await page.locator('a').all()) {
    await link.hover()
    // Frameworks prefetch a while after the pointer came: there is nothing to wait for if they do not.
    await page.waitForTimeout(300)
  }
  await page.waitForLoadState('networkidle')
  assert.deepEqual(await context.cookies(), cookies, 'a prefetch changes no cookie')
  await page.reload()
  if (!countsElsewhere) assert.equal(await visitsOf(page), before + 1, 'a prefetch counts no visit')

  await addWithoutScripts(context, 'salt')
  await page.locator('a[href="/cart"]').hover()
  await page.waitForTimeout(300)
  await page.goto('/cart')
  await shows(page, '#cart li:nth-child(3)', 'salt')
  await showsFlashes(page, ['Added salt'])
}

/** Adds to the cart as a browser without scripts that does not follow the redirect: the message waits. */
async function addWithoutScripts({ request }: BrowserContext, item: string): Promise<void> {
  const response = await request.get('/cart')
  const form = readPage(await response.text(), response.url()).form('/cart')
  assert.ok(form, 'the form of /cart')
  const fields = { ...form.fields, item }
  const isMultipart = form.enctype === 'multipart/form-data'
  const { origin } = new URL(response.url())
  await request.post(form.action, {
    ...(isMultipart ? { multipart: fields } : { form: fields }),
    headers: { origin, 'sec-fetch-site': 'same-origin' },
    maxRedirects: 0,
  })
}

async function signOut(page: Page, differences: BrowserDifferences): Promise<void> {
  await page.goto('/')
  await follow(page, '/account', '/account', differences)
  await shows(page, 'h1', 'Account of ada')
  await page.goto('/')
  await shows(page, '#who', 'Signed in as ada')
  await send(page)
  await shows(page, '#who', 'Not signed in')
  await showsFlashes(page, ['Signed out'])
  await page.goBack()
  await page.goBack()
  // An app with scripts may lead on to the sign-in page by itself.
  await page.waitForLoadState('networkidle')
  await page.reload()
  assert.doesNotMatch(await page.locator('body').innerText(), /\bada\b/, 'after going back')
  await page.goto('/account')
  await page.waitForURL('**/login?next=%2Faccount')
}

/** Clicks a link, and checks that the document stays where the app navigates by script. */
async function follow(
  page: Page,
  path: string,
  target: string,
  { navigatesByScript }: BrowserDifferences,
): Promise<void> {
  await page.waitForLoadState('networkidle')
  await page.evaluate('window.sojournStayed = true')
  await page.locator(`a[href="${path}"]`).first().click()
  await page.waitForURL((url) => url.pathname === target)
  if (!navigatesByScript) return
  assert.equal(await page.evaluate('window.sojournStayed'), true, `${path} loads a new document`)
}

/** Sends the page's form by its button. */
async function send(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle')
  await page.locator('form button').last().click()
}

async function visitsOf(page: Page): Promise<number> {
  const text = await page.locator('#visits').innerText()
  return Number(/\d+/.exec(text)?.[0])
}

async function shows(page: Page, selector: string, text: string): Promise<void> {
  await page.locator(selector, { hasText: text }).waitFor({ timeout: 30_000 })
}

async function showsFlashes(page: Page, messages: readonly string[]): Promise<void> {
  for (const message of messages) await shows(page, '.flash', message)
  assert.deepEqual(await page.locator('.flash').allInnerTexts(), messages, 'flash messages')
}

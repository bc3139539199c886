/** Drives an example app in Chromium: scripts, client-side navigation, prefetching, the back button. */

import assert from 'node:assert/strict'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { Differences } from './drive.ts'

/** What an app does differently in a browser. */
export interface BrowserDifferences extends Pick<Differences, 'countsElsewhere'> {
  /** Links load data by script and keep the document, as in Next, React Router and SvelteKit. */
  readonly navigatesByScript?: true
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
    await step('hover every link of /', () => hoverEverything(context, page, differences))
    await step('sign out and go back', () => signOut(page, differences))
    assert.deepEqual(failures, [], 'errors of scripts')
  } finally {
    await context.close()
  }
}

async function signIn(page: Page, differences: BrowserDifferences): Promise<void> {
  await follow(page, '/account', '/login', differences)
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
  const other = await context.newPage()
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

  // A message for /cart that waits while /cart is prefetched: the form is sent, its redirect aborted.
  await other.goto('/cart')
  await other.locator('input[name=item]').fill('salt')
  await other.route('**/*', async (route) => {
    const request = route.request()
    if (request.method() !== 'POST') return route.abort()
    const response = await route.fetch({ maxRedirects: 0 })
    return route.fulfill({ response, status: 204, body: '' })
  })
  const sent = other.waitForResponse((response) => response.request().method() === 'POST')
  await other.locator('form button').last().click()
  await sent
  await page.locator('a[href="/cart"]').hover()
  await page.waitForTimeout(300)
  await page.goto('/cart')
  await shows(page, '#cart li:nth-child(3)', 'salt')
  await showsFlashes(page, ['Added salt'])
  // Not sooner: a script that loads the page again after its form would reach the app.
  await other.close()
}

async function signOut(page: Page, differences: BrowserDifferences): Promise<void> {
  await page.goto('/')
  await follow(page, '/account', '/account', differences)
  await shows(page, 'h1', 'Account of ada')
  await follow(page, '/', '/', differences)
  await shows(page, '#who', 'Signed in as ada')
  await send(page)
  await shows(page, '#who', 'Not signed in')
  await showsFlashes(page, ['Signed out'])
  await page.goBack()
  await page.goBack()
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

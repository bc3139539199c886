import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startChromium } from './chromium.ts'
import { PASSWORDS, startDemo } from './start.ts'

const SIZES: Record<string, BrowserContextOptions> = {
  phone: {
    viewport: { width: 390, height: 844 },
    isMobile: true,
    hasTouch: true,
    deviceScaleFactor: 2,
  },
  desktop: { viewport: { width: 1280, height: 800 } },
  'desktop-dark': { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
}

let browser: Browser
const pictures = mkdtempSync(join(tmpdir(), 'sojourn-screenshots-'))

beforeAll(async () => {
  browser = await startChromium()
  console.log(`Screenshots are in ${pictures}`)
})

afterAll(() => browser?.close())

describe.each(Object.keys(SIZES))('in a browser without scripts, %s', (size) => {
  test('a visitor shops, signs in, keeps a list and signs out', async () => {
    const { origin } = await startDemo()
    const context = await browser.newContext({
      ...SIZES[size],
      javaScriptEnabled: false,
      baseURL: origin,
    })
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('requestfailed', (request) => {
      // Aborted: the next page was asked for before this one had its icon.
      const reason = request.failure()?.errorText ?? ''
      if (reason !== 'net::ERR_ABORTED') complaints.push(`${request.url()}: ${reason}`)
    })
    let count = 0
    async function look(name: string): Promise<void> {
      await page.screenshot({
        path: join(pictures, `${size}-${++count}-${name}.png`),
        fullPage: true,
      })
      expect(await widthToSpare(page)).toBeGreaterThanOrEqual(0)
    }

    await page.goto('/')
    expect(await page.getByText('This is your first visit to this page.').isVisible()).toBe(true)
    await look('home')

    await page.getByRole('link', { name: 'Shop', exact: true }).click()
    await page.getByRole('button', { name: 'Add to cart: Storm lantern' }).click()
    await page.getByRole('button', { name: 'Add to cart: Tin of tea' }).click()
    expect(await page.getByRole('status').innerText()).toBe('Tin of tea is in your cart.')
    await look('shop')
    await page.getByRole('link', { name: 'Cart' }).click()
    await page.getByRole('button', { name: 'One more: Tin of tea' }).click()
    await page.getByRole('button', { name: 'One less: Storm lantern' }).click()
    await page.getByRole('button', { name: 'One more: Tin of tea' }).click()
    await look('cart')
    expect(await page.getByRole('table').innerText()).toContain('€34.50')

    await page.getByRole('link', { name: 'To-do' }).click()
    expect(new URL(page.url()).search).toBe('?next=%2Ftodo')
    await page.getByLabel('User name').fill('ada')
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    expect(await page.getByRole('alert').innerText()).toContain('do not match')
    await look('sign-in')
    expect(await page.getByLabel('User name').inputValue()).toBe('ada')
    await page.getByLabel('Password').fill(PASSWORDS.ada)
    await page.getByLabel('Remember me for 30 minutes').check()
    await page.getByRole('button', { name: 'Sign in' }).click()
    expect(new URL(page.url()).pathname).toBe('/todo')
    expect(await page.getByRole('status').innerText()).toBe(
      'Welcome, Ada Lovelace. You are signed in.',
    )
    const [cookie] = await context.cookies()
    expect(cookie).toMatchObject({ name: 'session', httpOnly: true, sameSite: 'Lax' })
    expect(cookie!.expires).toBeGreaterThan(0)

    for (const text of [
      'Post the letters',
      '<b>Mend</b> the lantern before the long way home along the coast',
      'Buy tea',
    ]) {
      await page.getByLabel('What is there to do?').fill(text)
      await page.getByRole('button', { name: 'Add' }).click()
    }
    await page.getByRole('button', { name: 'Mark as done: Post the letters' }).click()
    await look('todo')
    await page.getByRole('link', { name: 'Edit: Buy tea' }).click()
    await page.getByLabel('What is there to do?').fill('Drink tea')
    await look('edit')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Delete: Post the letters' }).click()
    expect(await page.getByRole('status').innerText()).toBe('Deleted: Post the letters')
    expect(await page.locator('main').getByRole('listitem').count()).toBe(2)
    expect(await page.getByText('<b>Mend</b> the lantern').first().isVisible()).toBe(true)

    await page.getByRole('link', { name: 'Ada Lovelace' }).click()
    await look('profile')
    await page.getByRole('button', { name: 'Deutsch' }).click()
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Ada Lovelace')
    await page.getByRole('link', { name: 'Korb' }).click()
    await page.getByRole('button', { name: 'Zur Kasse' }).click()
    expect(await page.getByRole('status').innerText()).toMatch(
      /^Danke! Deine Bestellung über 34,50\s€/,
    )

    await page.getByRole('button', { name: 'Abmelden' }).click()
    expect(await page.getByRole('status').innerText()).toBe('Du bist abgemeldet. Bis bald!')
    await look('signed-out')
    await page.goto('/todo')
    expect(new URL(page.url()).pathname).toBe('/sign-in')
    await page.goto('/nowhere').catch(() => {})
    await look('not-found')
    // A failed sign-in and the missing page are the only answers a browser calls failures.
    expect(complaints.filter((text) => !/status of (401|404)/.test(text))).toEqual([])
    await context.close()
  })
})

test.each(['English', 'Deutsch', 'Français'])(
  'the narrowest phone never scrolls sideways, %s',
  async (language) => {
    const { origin } = await startDemo()
    const viewport = { width: 320, height: 640 }
    const context = await browser.newContext({
      viewport,
      isMobile: true,
      deviceScaleFactor: 2,
      baseURL: origin,
    })
    const page = await context.newPage()
    await page.goto('/sign-in')
    await page.getByRole('button', { name: language }).click()
    expect(await widthToSpare(page)).toBeGreaterThanOrEqual(0)
    await page.locator('#name').fill('grace')
    await page.locator('#password').fill(PASSWORDS.grace)
    await page.locator('main form button').click()
    await page.goto('/shop')
    await page.locator('button[value=blanket]').click()
    await page.locator('button[value=notebook]').click()
    await page.goto('/todo')
    await page.locator('#text').fill('x'.repeat(200))
    await page.locator('main form button').click()
    for (const path of ['/', '/shop', '/cart', '/todo', '/todo/1', '/profile', '/nowhere']) {
      await page.goto(path)
      await page.screenshot({
        path: join(pictures, `narrow-${language}-${path.slice(1).replace('/', '-') || 'home'}.png`),
        fullPage: true,
      })
      expect(await widthToSpare(page), path).toBeGreaterThanOrEqual(0)
    }
    await context.close()
  },
)

/** Pixels the page could still grow before it scrolled sideways. */
async function widthToSpare(page: Page): Promise<number> {
  const width = page.viewportSize()?.width ?? 0
  const box = await page.locator('html').evaluate((element) => element.scrollWidth)
  return width - box
}

import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isTooWide, LOOKS, violationsOf } from './axe.ts'
import { startChromium } from './chromium.ts'
import { keepShots } from './pictures.ts'
import { PASSWORDS, startDemo } from './start.ts'

let browser: Browser

beforeAll(async () => {
  browser = await startChromium()
})

afterAll(() => browser?.close())

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1'

/** A browser of its own, in which Ada has signed in. */
async function signedIn(baseURL: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ ...options, baseURL })
  const page = await context.newPage()
  await page.goto('/sign-in')
  await page.locator('#name').fill('ada')
  await page.locator('#password').fill(PASSWORDS.ada)
  await page.locator('main form button').click()
  await page.waitForURL('**/profile')
  return page
}

test('revoking a device in one browser signs the other browser out', async () => {
  const { origin } = await startDemo()
  const viewport = { width: 620, height: 740 }
  const there = await signedIn(origin, { viewport, userAgent: IPHONE })
  const here = await signedIn(origin, { viewport })
  await here.goto('/devices')
  const devices = here.getByRole('region', { name: 'Where you are signed in' })
  const items = devices.getByRole('listitem')
  expect(await items.count()).toBe(2)
  expect(await items.nth(0).innerText()).toMatch(/^Safari, iPhone\s+Last seen .*2026/)
  expect(await items.nth(1).innerText()).toMatch(/^Chrome, \w+ this one\s+Last seen .*2026/)
  const before = await devices.screenshot()

  await there.goto('/todo')
  expect(new URL(there.url()).pathname).toBe('/todo')
  await devices.getByRole('button', { name: 'Sign out: Safari, iPhone' }).click()
  expect(await here.getByRole('status').innerText()).toBe('That browser is signed out.')
  expect(await items.count()).toBe(1)
  await there.reload()
  expect(new URL(there.url()).pathname).toBe('/sign-in')
  expect(await there.getByText('Sign in to go on.').isVisible()).toBe(true)

  await keepShots(browser, 'revoked-device', [
    { caption: 'The device list: Ada signs the iPhone out', png: before },
    { caption: 'The next request of the iPhone', png: await there.screenshot() },
  ])
  await here.context().close()
  await there.context().close()
})

test('signing out everywhere else leaves the browser signed in that asked for it', async () => {
  const { origin } = await startDemo()
  const others = [await signedIn(origin), await signedIn(origin, { userAgent: IPHONE })]
  const here = await signedIn(origin)
  await here.getByRole('button', { name: 'Sign out everywhere else' }).click()
  expect(await here.getByRole('status').innerText()).toBe('Signed out elsewhere: 2.')
  for (const other of others) {
    await other.reload()
    expect(new URL(other.url()).pathname).toBe('/sign-in')
    await other.context().close()
  }
  await here.reload()
  expect(new URL(here.url()).pathname).toBe('/profile')
  await here.context().close()
})

test.each(LOOKS)(
  'the device list has no fault of accessibility: $colorScheme, $viewport.width pixels',
  async (look) => {
    const { origin } = await startDemo()
    const other = await signedIn(origin, { userAgent: IPHONE })
    const page = await signedIn(origin, look)
    expect(await violationsOf(page)).toEqual([])
    expect(await isTooWide(page)).toBe(false)
    await other.context().close()
    await page.context().close()
  },
)

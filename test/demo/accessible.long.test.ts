import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isTooWide, violationsOf } from './axe.ts'
import { startChromium } from './chromium.ts'
import { PASSWORDS, startDemo } from './start.ts'

let browser: Browser

beforeAll(async () => {
  browser = await startChromium()
})

afterAll(() => browser?.close())

const SIZES = { phone: 390, narrow: 320, desktop: 1280 } as const

describe.each(Object.entries(SIZES))('%s', (_name, width) => {
  describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
    test('axe finds nothing to complain about on any page', async () => {
      const { origin } = await startDemo()
      const context = await browser.newContext({
        viewport: { width, height: 800 },
        colorScheme,
        baseURL: origin,
      })
      const page = await context.newPage()

      for (const path of ['/shop', '/', '/cart', '/sign-in', '/races', '/thief', '/nowhere']) {
        await check(page, path)
      }
      await page.goto('/shop')
      await page.locator('button[value=tea]').click()
      await check(page, '/cart')
      await page.goto('/sign-in')
      await page.locator('#name').fill('ada')
      await page.locator('#password').fill('wrong')
      await page.locator('main form button').click()
      await complaintsOf(page, 'a failed sign-in')
      await page.locator('#password').fill(PASSWORDS.ada)
      await page.locator('main form button').click()
      await page.goto('/todo')
      for (const text of ['Buy tea', 'x'.repeat(200)]) {
        await page.locator('#text').fill(text)
        await page.locator('main form button').first().click()
      }
      await page.locator('.tick').first().click()
      for (const path of ['/', '/shop', '/cart', '/todo', '/todo/1', '/profile', '/nowhere']) {
        await check(page, path)
      }
      for (const kind of ['encrypted', 'signed', 'stored']) {
        await page.locator(`button[value=${kind}]`).click()
        await complaintsOf(page, kind)
      }
      await page.locator('form[action="/try/twice"] button').click()
      await complaintsOf(page, 'two requests at once')
      await page.locator('form[action="/try/steal"] button').first().click()
      for (const step of ['thief', 'renew', 'thief']) {
        await page.locator(`main form[action="/try/${step}"] button`).click()
        await complaintsOf(page, `the thief: ${step}`)
      }
      await tamper(page, context)
      await complaintsOf(page, 'a changed cookie')
      await context.close()
    })
  })
})

test.each(['en', 'de', 'fr'])(
  'a full cart is no wider than its card on a narrow phone: %s',
  async (language) => {
    const { origin } = await startDemo()
    const page = await browser.newPage({
      viewport: { width: 320, height: 800 },
      colorScheme: 'light',
      baseURL: origin,
    })
    await page.goto('/shop')
    await page.locator(`button[value=${language}]`).click()
    for (const product of ['lantern', 'notebook', 'blanket', 'compass']) {
      for (let count = 0; count < 3; count++) await page.locator(`button[value=${product}]`).click()
    }
    await page.goto('/cart')
    const wide = await page.locator('.card:has(table)').evaluate((card) => {
      const right = card.getBoundingClientRect().right
      return [...card.querySelectorAll('td, th')].filter(
        (cell) => cell.getBoundingClientRect().right > right - 8,
      ).length
    })
    expect(wide).toBe(0)
    await page.close()
  },
)

async function check(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await complaintsOf(page, path)
}

/** Presses the button that changes the cookie, once there is one. */
async function tamper(page: Page, context: BrowserContext): Promise<void> {
  await page.goto('/')
  expect((await context.cookies()).length).toBeGreaterThan(0)
  await page.locator('form[action="/try/tamper"] button').click()
}

async function complaintsOf(page: Page, where: string): Promise<void> {
  expect(await violationsOf(page), where).toEqual([])
  expect(await isTooWide(page), `${where} scrolls sideways`).toBe(false)
}

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startChromium } from './chromium.ts'
import { keepPicture } from './pictures.ts'
import { PASSWORDS, startDemo } from './start.ts'

let browser: Browser

beforeAll(async () => {
  browser = await startChromium()
})

afterAll(() => browser?.close())

/** The pictures that are taken of a phone, too. */
const ON_A_PHONE = ['home', 'cart', 'thief', 'tampered']

test.each([
  ['desktop', 1280, 900],
  ['phone', 390, 844],
])(
  'a visitor without scripts shops, signs in, breaks the cookie, is robbed and goes on: %s',
  async (device, width, height) => {
    const { origin } = await startDemo()
    const context = await browser.newContext({
      viewport: { width, height },
      javaScriptEnabled: false,
      baseURL: origin,
    })
    const page = await context.newPage()
    const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
    /** What is to be seen of the page, or one part of it. */
    const take = async (name: string, part?: string) => {
      if (device === 'phone' && !ON_A_PHONE.includes(name)) return
      // A part that is longer than the window would have the line at the window's end across it.
      if (part !== undefined) await page.setViewportSize({ width, height: 2_000 })
      const picture = await (part === undefined ? page : page.locator(part)).screenshot()
      await page.setViewportSize({ width, height })
      keepPicture(device === 'phone' ? `demo-${name}-phone` : `demo-${name}`, picture)
    }
    const said = () => page.locator('.deeds').innerText()

    await page.goto('/')
    expect(await said()).toContain('First cookie for this visitor.')
    await take('home')

    await page.goto('/shop')
    await page.getByRole('button', { name: 'Add to cart: Storm lantern' }).click()
    await page.getByRole('button', { name: 'Add to cart: Tin of tea' }).click()
    expect(await page.locator('#session pre').innerText()).toContain("session.update('cart'")
    await page.goto('/cart')
    await take('cart')

    await page.goto('/sign-in')
    await take('sign-in')
    await page.getByLabel('User name').fill('ada')
    await page.getByLabel('Password').fill(PASSWORDS.ada)
    await page.locator('main').getByRole('button', { name: 'Sign in' }).click()
    expect(await said()).toContain('Signed in, with a new session id.')
    await page.goto('/todo')
    for (const text of ['Read about session fixation', 'Try a stored session', 'Buy tea']) {
      await page.getByLabel('What is there to do?').fill(text)
      await page.locator('main').getByRole('button', { name: 'Add' }).click()
    }
    await page.getByRole('button', { name: 'Mark as done: Buy tea' }).click()
    await take('todo')

    await press('Click twice at once')
    expect(await page.locator('.note').innerText()).toContain('Both were counted: 0 became 2.')
    await take('twice', '#session')

    await page.goto('/thief')
    await page.locator('main').getByRole('button', { name: 'Copy my cookie' }).click()
    await press('The thief opens the site')
    expect(await page.locator('.uses').innerText()).toContain('signed in as Ada Lovelace')
    await press('Renew my session id')
    await press('The thief opens the site')
    expect(await page.locator('.uses').innerText()).toContain('Refused')
    expect(await said()).toContain('Rejected: gone.')
    await take('thief', device === 'phone' ? 'main' : undefined)

    await page.goto('/sign-in')
    await page.getByLabel('User name').fill('ada')
    await page.getByLabel('Password').fill(PASSWORDS.ada)
    await page.locator('main').getByRole('button', { name: 'Sign in' }).click()
    await page.goto('/shop')
    await page.getByRole('button', { name: 'Add to cart: Wool blanket' }).click()
    await press('Signed')
    expect(await page.locator('.note').innerText()).toContain('Your session has moved')
    await take('switched', '#session')
    await press('Change one byte of the cookie')
    expect(await said()).toContain('Rejected: signature. Somebody has changed the cookie.')
    await take('tampered', '#session')
    await context.close()
  },
)

/** One visitor in a browser, who clicks between a Flask app and an Express app behind one proxy. */

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startChromium } from '../demo/chromium.ts'
import { startBesideFlask } from './beside-flask.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startChromium()
})
afterAll(() => browser?.close())

/** What the page says, whichever app it is of. */
async function told(page: Page) {
  const [user, cart, flashes] = await Promise.all([
    page.locator('#user').textContent(),
    page
      .locator('#cart li')
      .evaluateAll((items) => items.map((item) => item.firstChild?.textContent?.trim())),
    page.getByRole('status').allTextContents(),
  ])
  return { at: new URL(page.url()).pathname, user, cart, flashes }
}

/** The id of a session: Flask-Session's of 0.8, or those of Debian's 0.3.2. */
const ID = /^(?:[\w-]{43}|[\da-f-]{36})$/

const NOBODY = 'Nobody is signed in.'
const FRESH = 'ada is signed in, fresh.'
const NOT_FRESH = 'ada is signed in, not fresh.'

async function signIn(page: Page, { remember = false } = {}): Promise<void> {
  await page.getByLabel('Name').fill('ada')
  await page.getByLabel('Password').fill('engine-1843')
  if (remember) await page.getByLabel('Remember me').check()
  await page.getByRole('button', { name: 'Sign in' }).click()
}

const press = (page: Page, name: string) => page.getByRole('button', { name }).click()
const follow = (page: Page, name: string) => page.getByRole('link', { name }).click()

const SESSIONS: [string, { REDIS_URL?: string }, RegExp][] = [
  ['in the cookie', {}, /^(?:[\w-]*\.){2,3}[\w-]{27}$/],
  ['of Flask-Session in Redis', { REDIS_URL: `${process.env['REDIS_URL']}/7` }, ID],
]

describe.each(SESSIONS)('a visitor between Flask and Express, sessions %s', (_, env, value) => {
  let site: { origin: string; stop(): void }
  beforeAll(async () => {
    site = await startBesideFlask(env)
  })
  afterAll(() => site?.stop())

  async function newPage(): Promise<Page> {
    const context = await browser.newContext({ baseURL: site.origin })
    const page = await context.newPage()
    await page.goto('/shop')
    return page
  }

  test('has one cart, and sees the messages of each app in the other one', async () => {
    const page = await newPage()
    expect(await told(page)).toEqual({ at: '/shop', user: NOBODY, cart: [], flashes: [] })
    await press(page, 'Add tea')
    expect(await told(page)).toMatchObject({ cart: ['tea 1'], flashes: ['The shop added tea.'] })
    const cookies = await page.context().cookies()
    expect(cookies.map((cookie) => cookie.value)).toEqual([expect.stringMatching(value)])
    await press(page, 'Add bread')
    await press(page, 'Add tea')
    await follow(page, 'Your account')
    // The message was shown by Flask, and is not shown again.
    expect(await told(page)).toEqual({
      at: '/account',
      user: NOBODY,
      cart: expect.arrayContaining(['bread 1', 'tea 2']),
      flashes: [],
    })
    await press(page, 'Remove bread')
    expect(await told(page)).toEqual({
      at: '/shop',
      user: NOBODY,
      cart: ['tea 2'],
      flashes: ['The account removed bread.'],
    })
    await press(page, 'Add tea')
    expect(await told(page)).toMatchObject({ cart: ['tea 3'], flashes: ['The shop added tea.'] })
    await press(page, 'Check out')
    expect(await told(page)).toEqual({
      at: '/account',
      user: NOBODY,
      cart: [],
      flashes: ['The shop thanks you.'],
    })
    await page.reload()
    expect(await told(page)).toMatchObject({ flashes: [] })
    await page.context().close()
  })

  test('signs in on either and out on either, and is fresh on both', async () => {
    const page = await newPage()
    await press(page, 'Add tea')
    await page.goto('/account/password')
    await signIn(page)
    const signedIn = { user: FRESH, cart: ['tea 1'] }
    expect(await told(page)).toEqual({
      ...signedIn,
      at: '/shop',
      flashes: ['You signed in at the account.'],
    })
    await follow(page, 'Your account')
    expect(await told(page)).toEqual({ ...signedIn, at: '/account', flashes: [] })
    await follow(page, 'Your password')
    expect(await page.title()).toBe('Password')
    await page.goto('/shop')
    await press(page, 'Sign out')
    expect(await told(page)).toMatchObject({ at: '/account', user: NOBODY, cart: ['tea 1'] })
    await follow(page, 'Your password')
    expect(await page.title()).toBe('Sign in')

    await page.goto('/shop')
    await signIn(page)
    expect(await told(page)).toEqual({
      ...signedIn,
      at: '/account',
      flashes: ['You signed in at the shop.'],
    })
    await follow(page, 'Your password')
    expect(await page.title()).toBe('Password')
    await page.goto('/account')
    await press(page, 'Sign out')
    expect(await told(page)).toMatchObject({ at: '/shop', user: NOBODY, cart: ['tea 1'] })
    await page.context().close()
  })

  test.each([
    ['Flask', '/shop', '/account'],
    ['Express', '/account/login', '/shop'],
  ])(
    'whom %s remembers is known to the other, not fresh, until a logout there',
    async (_name, at, other) => {
      const page = await newPage()
      await page.goto(at)
      await signIn(page, { remember: true })
      expect(await told(page)).toMatchObject({ at: other, user: FRESH })
      // What closing the browser does.
      await page.context().clearCookies({ name: 'session' })
      await page.goto(other)
      expect(await told(page)).toMatchObject({ user: NOT_FRESH })
      await page.goto(at === '/shop' ? '/shop' : '/account')
      expect(await told(page)).toMatchObject({ user: NOT_FRESH })
      await page.goto('/account/password')
      expect(await page.title()).toBe('Sign in')
      await page.goto(other)
      await press(page, 'Sign out')
      expect(await told(page)).toMatchObject({ user: NOBODY })
      await page.goto(other)
      expect(await told(page)).toMatchObject({ user: NOBODY })
      const cookies = await page.context().cookies()
      expect(cookies.map(({ name }) => name)).not.toContain('remember_token')
      await page.context().close()
    },
  )

  test('a copy of the cookie in another browser is signed in on both, and fresh on neither', async () => {
    const page = await newPage()
    await signIn(page)
    const copied = await page.context().cookies()
    const origin = new URL(page.url()).origin
    for (const [first, second] of [
      ['/shop', '/account'],
      ['/account', '/shop'],
    ] as const) {
      const context = await browser.newContext({ baseURL: origin, userAgent: 'another' })
      await context.addCookies(copied)
      const thief = await context.newPage()
      for (const path of [first, second]) {
        await thief.goto(path)
        expect(await told(thief)).toMatchObject({ user: NOT_FRESH })
      }
      await context.close()
    }
    await page.context().close()
  })
})

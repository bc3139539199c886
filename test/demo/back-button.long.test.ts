/**
 * The way back after a logout, in a browser with its back/forward cache: Chromium then shows a page of
 * before as it was in memory, and asks nobody.
 */

import express from 'express'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { createSessions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { serve } from '../promises/site.ts'
import { startChromium } from './chromium.ts'
import { keepShots } from './pictures.ts'
import { PASSWORDS, startDemo } from './start.ts'

let browser: Browser

beforeAll(async () => {
  browser = await startChromium({ ignoreDefaultArgs: ['--disable-back-forward-cache'] })
})

afterAll(() => browser?.close())

const VIEW = { width: 620, height: 720 }

/** On the pages of Ada, and on no page of a visitor who is not signed in. */
const OF_ADA = /Buy tea|Sign out|What your session keeps/

/** What a page's own script reads of another page, with and without asking the server. */
const fetched = (page: Page, path: string, cache: string) =>
  page.evaluate(`fetch('${path}', { cache: '${cache}', mode: 'same-origin' })
    .then((response) => response.text(), () => 'not in the cache')`)

describe('after the logout in the demo, whose pages are no-store', () => {
  test('the back button and the cache show nothing of the signed-in pages', async () => {
    const { origin } = await startDemo()
    const context = await browser.newContext({ viewport: VIEW, baseURL: origin })
    const page = await context.newPage()
    await page.goto('/sign-in?next=/todo')
    await page.locator('#name').fill('ada')
    await page.locator('#password').fill(PASSWORDS.ada)
    await page.locator('main form button').click()
    await page.waitForURL('**/todo')
    await page.getByLabel('What is there to do?').fill('Buy tea')
    await page.getByRole('button', { name: 'Add' }).click()
    await page.getByText('Added: Buy tea').waitFor()
    await page.goto('/profile')
    await page.goto('/todo')
    const before = await page.screenshot()
    expect(await page.locator('body').innerText()).toMatch(OF_ADA)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('You are signed out.').waitFor()

    for (const path of ['/todo', '/profile']) {
      expect(await fetched(page, path, 'only-if-cached'), path).toBe('not in the cache')
      expect(await fetched(page, path, 'force-cache'), path).not.toMatch(OF_ADA)
    }
    for (const path of ['todo', 'profile']) {
      await page.evaluate('history.back()')
      await page.waitForURL(`**/sign-in?next=%2F${path}`)
      expect(await page.locator('body').innerText()).not.toMatch(OF_ADA)
      if (path === 'todo') {
        await keepShots(browser, 'back-button', [
          { caption: 'Signed in', png: before },
          { caption: 'The back button after the logout', png: await page.screenshot() },
        ])
      }
    }
    await context.close()
  })
})

describe('after the logout in an app that sets no Cache-Control', () => {
  test('the cache shows nothing, since it was another cookie; the back button shows the page in memory, until it is asked for again', async () => {
    const sessions = createSessions({ secret: SECRET, store: memoryStore() })
    const app = express().use(sessionMiddleware(sessions))
    app.get('/login', async (req, res) => {
      const session = await sessions.get(req)
      session.login('ada')
      res.redirect(303, '/account')
    })
    app.get('/account', async (req, res) => {
      const session = await sessions.get(req)
      res.send(`<link rel="icon" href="data:,"><h1>${session.userId ?? 'nobody'}</h1>`)
    })
    app.get('/logout', async (req, res) => {
      const session = await sessions.get(req)
      session.logout()
      res.send('<link rel="icon" href="data:,"><h1>Good-bye</h1>')
    })
    const context = await browser.newContext({ baseURL: await serve(app) })
    const page = await context.newPage()
    const title = page.locator('h1')
    const response = await page.goto('/login')
    expect(await title.innerText()).toBe('ada')
    expect(response!.headers()).toMatchObject({ 'cache-control': 'private', vary: 'Cookie' })
    await page.goto('/logout')
    expect(await fetched(page, '/account', 'only-if-cached')).toBe('not in the cache')
    expect(await fetched(page, '/account', 'force-cache')).toContain('nobody')
    await page.evaluate('history.back()')
    // The limit that docs/guide/caching.md names.
    await expect.poll(() => title.innerText()).toBe('ada')
    await page.reload()
    expect(await title.innerText()).toBe('nobody')
    await context.close()
  })
})

const SECRET = 'q7Rk2vX9-mB4tZ8wL1nC6yH3pD5sF0gJ'

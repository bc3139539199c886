import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, test } from 'vitest'
import { startChromium } from '../../demo/chromium.ts'
import { startExample } from '../start.ts'
import { driveBrowser } from './drive-browser.ts'

let browser: Browser

beforeAll(async () => {
  browser = await startChromium()
})

afterAll(() => browser?.close())

test.each(['express', 'fetch'])('examples/%s.ts works in a real browser', async (name) => {
  await driveBrowser(browser, await startExample(name))
})

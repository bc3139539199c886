import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isTooWide, LOOKS, violationsOf } from './axe.ts'
import { startChromium } from './chromium.ts'
import { keepPicture } from './pictures.ts'
import { startDemo } from './start.ts'

let browser: Browser

beforeAll(async () => {
  browser = await startChromium()
})

afterAll(() => browser?.close())

async function opened(options: Parameters<Browser['newContext']>[0]) {
  const { origin } = await startDemo()
  const context = await browser.newContext({ ...options, baseURL: origin })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto('/races')
  return { context, page, complaints }
}

test('a visitor watches a thousand increments: Sojourn counts them all, and the last-write-wins store loses most', async () => {
  const { context, page, complaints } = await opened({ viewport: { width: 1280, height: 2400 } })
  // Each count that the page has shown, of Sojourn's lane.
  await page.evaluate(`{
    globalThis.shown = new Set()
    new MutationObserver(() => shown.add(document.querySelector('.count b').textContent))
      .observe(document.querySelector('#results'), { childList: true })
  }`)
  await page.getByRole('switch').check()
  await page.getByRole('button', { name: 'Start the race' }).click()
  await page.getByText('The race has ended.').waitFor()
  expect(await page.evaluate('shown.size')).toBeGreaterThan(3)

  const sojourn = page.getByRole('region', { name: 'Sojourn' })
  const other = page.getByRole('region', { name: 'express-session' })
  const counted = (lane: typeof sojourn, name: string) =>
    lane.getByRole('progressbar', { name }).evaluate((bar) => (bar as { value?: number }).value)
  expect(await counted(sojourn, 'the counter')).toBe(1000)
  expect(await counted(sojourn, 'keys')).toBe(50)
  expect(await sojourn.getByText('The visitor stays signed out').count()).toBe(2)
  expect(await counted(other, 'the counter')).toBe(20)
  expect(await counted(other, 'keys')).toBe(1)
  expect(await other.getByText('The visitor is signed in again').count()).toBe(1)

  const { x, y, width, height } = (await page.locator('#results').boundingBox())!
  const clip = { x: x - 20, y: y - 20, width: width + 40, height: height + 40 }
  keepPicture('races', await page.screenshot({ clip }))
  expect(complaints).toEqual([])
  await context.close()
})

test('without scripts the form shows the same result', async () => {
  const { context, page } = await opened({ javaScriptEnabled: false })
  await page.getByRole('button', { name: 'Start the race' }).click()
  const sojourn = page.getByRole('region', { name: 'Sojourn' })
  expect(await sojourn.locator('.count').first().innerText()).toMatch(/1\s000 of 1\s000/)
  expect(await page.getByRole('region', { name: 'express-session' }).count()).toBe(0)
  await context.close()
})

test.each(LOOKS)(
  'the race page has no fault of accessibility, before and after a race: $colorScheme, $viewport.width pixels',
  async (look) => {
    const { context, page, complaints } = await opened(look)
    expect(await violationsOf(page)).toEqual([])
    await page.getByRole('switch').check()
    await page.getByRole('button', { name: 'Start the race' }).click()
    await page.getByText('The race has ended.').waitFor()
    expect(await violationsOf(page)).toEqual([])
    expect(await isTooWide(page)).toBe(false)
    expect(complaints).toEqual([])
    await context.close()
  },
)

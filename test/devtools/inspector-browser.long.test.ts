/**
 * The inspector in a real browser: a developer watches visitors, revokes a session and has a cookie
 * explained; with the keyboard, a screen reader's tree and axe. PICTURES=1 writes those of the guide.
 */

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AxeResults } from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createSessions } from '../../src/index.ts'
import { startChromium } from '../demo/chromium.ts'
import { SECRET, startLivelyApp } from './lively-app.ts'
import { smallPng } from './small-png.ts'

const aside = mkdtempSync(join(tmpdir(), 'sojourn-inspector-'))
const pictures = process.env['PICTURES']
  ? fileURLToPath(new URL('../../docs/images/', import.meta.url))
  : aside

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const SIZES: Record<string, BrowserContextOptions> = {
  light: { viewport: { width: 1280, height: 900 } },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true },
  narrow: { viewport: { width: 320, height: 640 }, isMobile: true, colorScheme: 'dark' },
}

let browser: Browser
let app: Awaited<ReturnType<typeof startLivelyApp>>

let foreign: string

beforeAll(async () => {
  browser = await startChromium()
  foreign = await largeCookie()
})
afterAll(() => browser?.close())
beforeEach(async () => {
  app = await startLivelyApp()
})
afterEach(() => app.stop())

async function opened(options: BrowserContextOptions = {}) {
  const context = await browser.newContext(options)
  const complaints: string[] = []
  context.on('page', (page) => {
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
  })
  return { context, page: await context.newPage(), complaints }
}

const textOf = (page: Page, id: string) => page.locator(`#${id}`).innerText()

/** Rules that axe finds broken, each with the elements. */
async function violationsOn(page: Page): Promise<string[]> {
  // Past the page's policy, as the tools of a browser.
  await page.evaluate(axe)
  const results = await page.evaluate('axe.run()')
  return (results as AxeResults).violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
  )
}

/** A cookie of another app, half as large as browsers store. */
async function largeCookie(): Promise<string> {
  const sessions = createSessions<any>({ secret: `${SECRET}, but another` })
  const session = await sessions.open(undefined)
  const wishes = Array.from(
    { length: 90 },
    (_, at) => `${(at * 7919) % 1000}-${(at * 104_729) % 9999}`,
  )
  session.set('wishes', wishes).set('theme', 'dark').login('ada')
  return (await session.commit()).getSetCookie()[0]!
}

describe.each(Object.keys(SIZES))('%s:', (size) => {
  test('a developer sees the session, what requests did, and nothing that axe complains about', async () => {
    const { context, page, complaints } = await opened(SIZES[size])
    await page.goto(`${app.origin}/login`)
    await app.getLively()
    const inspecting = await context.newPage()
    await inspecting.goto(`${app.origin}/__sessions`)
    await inspecting.getByText('live', { exact: true }).waitFor()
    await inspecting.getByText('The session is valid.').waitFor()
    expect(await textOf(inspecting, 'facts')).toContain('ada')
    expect(await textOf(inspecting, 'data')).toMatch(/visits[\s\S]*64 bytes|64 bytes[\s\S]*visits/)
    expect(await textOf(inspecting, 'times')).toMatch(/Idle timeout\s+1 h 5\d min/)
    expect(await textOf(inspecting, 'others')).toMatch(/Safari on iPhone[\s\S]*Revoke/)
    const timeline = await textOf(inspecting, 'timeline')
    for (const title of ['rejected', 'overwrote', 'replayed', 'csrf-refused', 'login', 'warning']) {
      expect(timeline).toContain(title)
    }
    await inspecting.getByLabel(/A value, a Cookie/).fill(`Set-Cookie: ${foreign}`)
    await inspecting.getByRole('button', { name: 'Explain' }).click()
    await inspecting.locator('#explained dl').waitFor()
    expect(await textOf(inspecting, 'explained')).toMatch(
      /this app\s+The cookie is not in our format/,
    )
    // What the visitor does next arrives by itself.
    await page.goto(app.origin)
    await inspecting.getByText('Saved: visits.').first().waitFor()
    const overflow = await inspecting.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
    expect(overflow).toBeLessThanOrEqual(0)
    expect(await violationsOn(inspecting)).toEqual([])
    // What is worth a picture, and not each commit.
    await inspecting.getByLabel('commits').uncheck()
    const folder = size === 'narrow' ? aside : pictures
    const { width, height } = SIZES[size]!.viewport!
    const shot = await inspecting.screenshot({
      fullPage: true,
      // On a phone the page is long: the picture has its beginning.
      ...(width < 500 && { clip: { x: 0, y: 0, width, height: 2.4 * height } }),
    })
    const picture = smallPng(shot)
    expect(picture.length).toBeLessThan(150_000)
    writeFileSync(join(folder, `inspector-${size}.png`), picture)
    expect(complaints).toEqual([])
    await context.close()
  })
})

describe('with the keyboard', () => {
  test('every control is reached in order, and its focus is visible', async () => {
    const { context, page } = await opened()
    await app.getLively()
    await page.goto(`${app.origin}/login`)
    await page.goto(`${app.origin}/__sessions`)
    await page.getByRole('button', { name: /^Revoke Safari/ }).waitFor()
    const controls = (await page.evaluate(
      `[...document.querySelectorAll('a, button, input, textarea, summary, [tabindex="0"]')].length`,
    )) as number
    const reached = new Set<string>()
    for (let press = 0; press < controls; press++) {
      await page.keyboard.press('Tab')
      const [name, outline] = (await page.evaluate(`(() => {
        const { activeElement: it } = document
        const all = [...document.querySelectorAll('*')]
        return [it.tagName + all.indexOf(it), getComputedStyle(it).outlineStyle]
      })()`)) as [string, string]
      expect([name, outline]).toEqual([name, 'solid'])
      reached.add(name)
    }
    expect(reached.size).toBe(controls)
    await context.close()
  })

  test('a session is revoked, the focus stays in the list, and it is said what was done', async () => {
    const { context, page } = await opened()
    await app.getLively()
    await page.goto(`${app.origin}/login`)
    await page.goto(`${app.origin}/__sessions`)
    const revoke = page.getByRole('button', { name: /^Revoke Safari/ })
    await revoke.focus()
    await page.keyboard.press('Enter')
    await revoke.waitFor({ state: 'detached' })
    expect(await textOf(page, 'done')).toMatch(/^Revoked: Safari on iPhone\./)
    expect(await page.evaluate(`document.activeElement.closest('#others') !== null`)).toBe(true)
    await context.close()
  })

  test('what is open stays open while requests go on, and what was cleared stays cleared', async () => {
    const { context, page } = await opened()
    const cookie = await app.signIn('Firefox')
    await page.goto(`${app.origin}/login`)
    await page.goto(`${app.origin}/__sessions`)
    const parts = page.locator('#cookie summary')
    await parts.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Clear' }).click()
    await parts.focus()
    await page.evaluate(`window.kept = document.querySelector('#cookie summary')`)
    const looked = page.waitForResponse(/state$/)
    await app.visit('/', cookie)
    await looked
    await page.getByText('Saved: visits.').waitFor()
    expect(await page.locator('#timeline li').count()).toBe(2)
    expect(await page.locator('#cookie details').getAttribute('open')).toBe('')
    expect(await page.evaluate('document.activeElement === window.kept')).toBe(true)
    await context.close()
  })

  test('a pasted cookie is explained', async () => {
    const { context, page, complaints } = await opened()
    await page.goto(`${app.origin}/__sessions`)
    await page.getByLabel(/A value, a Cookie/).focus()
    await page.keyboard.type('Cookie: session=eyJ1c2VyIjoiYWRhIn0.aU5vdA.c2lnbmF0dXJl')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.locator('#explained dl').first().waitFor()
    expect(await textOf(page, 'explained')).toContain('what it is')
    expect(complaints).toEqual([])
    await context.close()
  })
})

describe('for a screen reader and other needs', () => {
  test('a new entry is announced politely, and several at once in one sentence', async () => {
    const { context, page } = await opened()
    await page.goto(`${app.origin}/__sessions`)
    await page.getByText('live', { exact: true }).waitFor()
    expect(await textOf(page, 'news')).toBe('')
    await app.visit('/account', '')
    const news = page.locator('#news', { hasText: /./ })
    await news.waitFor({ state: 'attached' })
    expect(await news.innerText()).toMatch(
      /^2 new entries\. The last: commit: unchanged\. Nothing was changed/,
    )
    expect(await news.getAttribute('role')).toBe('status')
    await context.close()
  })

  test('nothing moves for who prefers reduced motion', async () => {
    const { context, page } = await opened({ reducedMotion: 'reduce' })
    await page.goto(`${app.origin}/__sessions`)
    await page.getByText('live', { exact: true }).waitFor()
    await app.visit('/account', '')
    await page.locator('#timeline li.new').first().waitFor()
    const name = `getComputedStyle(document.querySelector('#timeline li.new')).animationName`
    expect(await page.evaluate(name)).toBe('none')
    await context.close()
  })

  test('in forced colors, and with text twice as large, nothing is cut off', async () => {
    const { context, page } = await opened({
      forcedColors: 'active',
      viewport: { width: 640, height: 480 },
    })
    await app.getLively()
    await page.goto(`${app.origin}/login`)
    await page.goto(`${app.origin}/__sessions`)
    await page.getByText('The session is valid.').waitFor()
    await page.addStyleTag({ content: 'html { font-size: 200% }' }).catch(() => {})
    await page.evaluate(`document.documentElement.style.fontSize = '200%'`)
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0)
    await context.close()
  })
})

test('after a restart of the server the page goes on by itself, with the token of the new one', async () => {
  const { context, page } = await opened()
  await page.goto(`${app.origin}/__sessions`)
  await page.getByText('live', { exact: true }).waitFor()
  const { port } = app
  await app.stop()
  await page.getByText('the server is away').waitFor()
  app = await startLivelyApp({ port })
  await page.getByText('live', { exact: true }).waitFor()
  await app.visit('/account', '')
  await page.getByText('A request came without a session cookie.').waitFor()
  await page.getByLabel(/A value, a Cookie/).fill('session=hello')
  await page.getByRole('button', { name: 'Explain' }).click()
  await page.locator('#explained dl').waitFor()
  await context.close()
})

test('behind a development server that takes a prefix away, the page finds its own paths', async () => {
  const proxy = createServer((req, res) => {
    const url = `http://127.0.0.1:${app.port}${req.url!.replace(/^\/api/, '')}`
    const passed = request(url, { method: req.method, headers: req.headers }, (answer) => {
      res.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(res)
    })
    passed.on('error', () => res.destroy())
    req.pipe(passed)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => proxy.once('listening', resolve))
  const { context, page } = await opened()
  await page.goto(`http://localhost:${(proxy.address() as AddressInfo).port}/api/__sessions`)
  await page.getByText('live', { exact: true }).waitFor()
  await page.getByText('This browser sent no session cookie').waitFor()
  await context.close()
  proxy.closeAllConnections()
  proxy.close()
})

test('a session that is revoked in the inspector signs the other browser out', async () => {
  const other = await opened()
  await other.page.goto(`${app.origin}/login`)
  const { page } = await opened()
  await page.goto(`${app.origin}/login`)
  await page.goto(`${app.origin}/__sessions`)
  const revoke = page.getByRole('button', { name: /^Revoke/ })
  await revoke.first().waitFor()
  for (let left = await revoke.count(); left > 0; left--) {
    await revoke.first().click()
    await page
      .locator('#others button')
      .nth(left - 1)
      .waitFor({ state: 'detached' })
  }
  await other.page.goto(`${app.origin}/__sessions`)
  await other.page.getByText('The store has no session of this id').first().waitFor()
  await other.context.close()
})

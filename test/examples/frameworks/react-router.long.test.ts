import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startChromium } from '../../demo/chromium.ts'
import { driveBrowser } from './drive-browser.ts'
import { drive } from './drive.ts'
import { installExample, type PackedExample, startInstalled } from './packed.ts'
import { runScript } from './script.ts'

/** React Router 7 has middleware behind a flag, and wants TypeScript 6. */
const SEVEN = '7.18.4'
const VERSIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  8: {},
  7: {
    'react-router': SEVEN,
    '@react-router/dev': SEVEN,
    '@react-router/node': SEVEN,
    '@react-router/serve': SEVEN,
    typescript: '6.0.3',
  },
}

/** A page that throws the 401 itself, and one that leads there. */
function addPages(folder: string): void {
  const app = join(folder, 'app')
  writeFileSync(
    join(app, 'routes', 'members.tsx'),
    `import { sessions } from '../sessions.server.ts'
     export const loader = async ({ context }) => (await sessions.signedIn(context)).userId
     export default () => <h1>Members</h1>`,
  )
  writeFileSync(
    join(app, 'routes', 'lobby.tsx'),
    `import { Link } from 'react-router'
     export default () => (
       <><Link to="/members">Members</Link> <Link to="/" prefetch="intent">Home</Link></>
     )`,
  )
  const routes = readFileSync(join(app, 'routes.ts'), 'utf8')
  const more = "route('members', 'routes/members.tsx'), route('lobby', 'routes/lobby.tsx'), ]"
  writeFileSync(join(app, 'routes.ts'), routes.replace(/\] satisfies/, `${more} satisfies`))
}

describe.each(Object.keys(VERSIONS))('examples/react-router on React Router %s', (major) => {
  let folder: string
  let example: PackedExample
  let browser: Browser
  let page: Page
  const failures: string[] = []

  beforeAll(async () => {
    folder = await installExample('react-router', { versions: VERSIONS[major]! })
    if (major === '7') {
      const flags = 'export default { future: { v8_middleware: true } }'
      writeFileSync(join(folder, 'react-router.config.ts'), flags)
    }
  })

  afterAll(async () => {
    await browser?.close()
    await example?.stop()
  })

  it("fits React Router's types", () => runScript(folder, 'typecheck'))

  it('serves the pages of every framework', async () => {
    addPages(folder)
    example = await startInstalled(folder)
    // React Router itself refuses forms of other sites, before any middleware.
    await drive(example.origin, { crossSiteStatus: 400 })
  })

  it('works in a browser', async () => {
    browser = await startChromium()
    page = await browser.newPage({ baseURL: example.origin })
    page.on('pageerror', (error) => failures.push(String(error)))
    await driveBrowser(browser, example.origin, { navigatesByScript: true })
  })

  it('shows the error boundary with the 401, on the server, hydrated, and after a navigation', async () => {
    const response = await page.goto('/members')
    expect(response!.status()).toBe(401)
    const text = '401 Please sign in first.'
    expect(await response!.text()).toContain(text)
    expect(await response!.text()).not.toMatch(/SessionError|ERR_NOT|Redirect to the sign-in/)
    await page.waitForLoadState('networkidle')
    expect((await page.locator('h1').innerText()).trim()).toBe(text)
    expect(failures).toEqual([])
    await page.goto('/lobby')
    await page.waitForLoadState('networkidle')
    await page.locator('a[href="/members"]').click()
    await page.locator('h1', { hasText: text }).waitFor()
    expect(failures).toEqual([])
  })

  it('shows a message once on a page that was prefetched while it waited', async () => {
    await page.goto('/')
    await page.waitForLoadState('networkidle')
    await page.evaluate(
      `fetch('/cart', { method: 'POST', redirect: 'manual', body: new URLSearchParams({ item: 'salt' }) })`,
    )
    const prefetched = page.waitForResponse((response) => response.url().includes('/cart.data'))
    await page.locator('a[href="/cart"]').hover()
    expect((await prefetched).status()).toBe(200)
    await page.locator('a[href="/cart"]').click()
    await page.locator('.flash', { hasText: 'Added salt' }).waitFor()
    await page.locator('a[href="/"]').click()
    await page.locator('#visits').waitFor()
    expect(await page.locator('.flash').count()).toBe(0)
  })

  it('counts no visit for a page that is prefetched', async () => {
    await page.goto('/lobby')
    await page.waitForLoadState('networkidle')
    const prefetched = page.waitForResponse((response) => response.url().includes('.data'))
    await page.locator('a[href="/"]').hover()
    const refused = await prefetched
    expect([refused.status(), await refused.headerValue('set-cookie')]).toEqual([503, null])
  })
})

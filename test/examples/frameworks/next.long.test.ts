/** `examples/next` in Next itself: built by Turbopack and by webpack, and as the dev server runs it. */

import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startChromium } from '../../demo/chromium.ts'
import { root } from '../../package/repository.ts'
import { visitor } from '../visitor.ts'
import { driveBrowser } from './drive-browser.ts'
import { drive } from './drive.ts'
import { installExample, type PackedExample, type PackedOptions, startInstalled } from './packed.ts'

// Next compares the Origin of an action itself, and throws: a 500.
const DIFFERENCES = { crossSiteStatus: 500 }
const TELEMETRY = { NEXT_TELEMETRY_DISABLED: '1' }

let browser: Browser

beforeAll(async () => {
  browser = await startChromium()
})

afterAll(() => browser?.close())

/** Installs the example, lets `change` have its folder, builds and starts it. */
async function startNext(
  change: (folder: string) => void = () => {},
  { env = {}, ...options }: PackedOptions = {},
): Promise<PackedExample> {
  const folder = await installExample('next')
  change(folder)
  return startInstalled(folder, { env: { ...TELEMETRY, ...env }, ...options })
}

/** Sets the script that builds the app; without one it is not built. */
function buildBy(folder: string, script?: string): void {
  const file = join(folder, 'package.json')
  const { scripts, ...rest } = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ ...rest, scripts: { ...scripts, build: script } }))
}

describe('examples/next, built by Turbopack', () => {
  let app: PackedExample

  beforeAll(async () => {
    app = await startNext((folder) => {
      cpSync(join(root, 'test/fixtures/next'), folder, { recursive: true })
    })
  })

  afterAll(() => app?.stop())

  it('shows and saves what the other frameworks do', () => drive(app.origin, DIFFERENCES))

  it('works in a real browser, with client-side navigation and prefetching', () =>
    driveBrowser(browser, app.origin, { navigatesByScript: true }))

  it('tells a page that writes where to write instead', async () => {
    const { text } = await visitor(app.origin).get('/writes')
    expect(text).toContain('a server action or a route handler that is wrapped in withSessions()')
  })

  it('has status 401 for a page that requires a signed-in visitor and does not redirect', async () => {
    expect((await visitor(app.origin).get('/must')).status).toBe(401)
  })

  it('saves what an action changed before it found nothing, or failed', async () => {
    const ada = visitor(app.origin)
    for (const [item, status] of [
      ['tea', 200],
      ['missing', 404],
      ['error', 500],
    ] as const) {
      const body = new FormData()
      const { text } = await ada.get('/stored')
      const [, id] = /name="(\$ACTION_ID_\w+)"/.exec(text)!
      body.set(id!, '')
      body.set('item', item)
      const headers = { origin: app.origin }
      expect((await ada.send('/stored', { method: 'POST', body, headers })).status).toBe(status)
    }
    const { text } = await ada.get('/stored')
    expect(text).toContain('<p id="items">tea, missing, error</p>')
    expect(text).toContain('<p id="same">true</p>')
  })

  it('shows in the response of an action what it changed, with sessions in a store', async () => {
    const page = await (await browser.newContext({ baseURL: app.origin })).newPage()
    await page.goto('/stored')
    for (const items of ['tea', 'tea, bread', 'tea, bread, salt']) {
      await page.waitForLoadState('networkidle')
      await page.locator('input[name=item]').fill(items.split(', ').at(-1)!)
      await page.locator('button').click()
      await page.locator('#items', { hasText: new RegExp(`^${items}$`) }).waitFor()
    }
    await page.context().close()
  })

  it('runs route handlers with the session of the request, streams, redirects and refuses', async () => {
    const ada = visitor(app.origin)
    expect(JSON.parse((await ada.get('/api')).text)).toEqual({ same: true, visits: 100 })
    expect((await ada.get('/api?do=stream')).text).toBe('one two three')
    const { status, location } = await ada.get('/api?do=redirect')
    expect([status, location]).toEqual([307, '/cart'])
    expect((await ada.get('/api?do=missing')).status).toBe(404)
    expect((await ada.get('/api?do=error')).status).toBe(500)
    // All but the one that failed have saved the visit.
    expect(JSON.parse((await ada.get('/api')).text).visits).toBe(500)
    expect((await ada.get('/api?do=account')).status).toBe(401)
    const post = (headers: Record<string, string>) =>
      ada.send('/api', { method: 'POST', body: 'hello', headers })
    expect((await post({ origin: 'https://evil.example' })).status).toBe(403)
    expect((await post({ 'sec-fetch-site': 'same-origin' })).text).toBe('hello')
  })

  it('refuses an action without Origin and without token, which Next itself would run', async () => {
    const ada = visitor(app.origin)
    // A visitor without a session has nothing that another site could use.
    await ada.get('/')
    const { text } = await ada.get('/cart')
    const body = new FormData()
    body.set(/name="(\$ACTION_ID_\w+)"/.exec(text)![1]!, '')
    body.set('item', 'poison')
    // For a form that is sent without scripts, Next makes each of `unauthorized()`, `forbidden()` a 404.
    expect((await ada.send('/cart', { method: 'POST', body })).status).toBe(404)
    expect((await ada.get('/cart')).text).not.toContain('poison')
  })

  it('removes the header in which messages are passed from requests of visitors', async () => {
    const headers = { 'x-session-flashes': encodeURIComponent('[["error","forged"]]') }
    expect((await visitor(app.origin).send('/cart', { headers })).text).not.toContain('forged')
  })
})

it('examples/next works as webpack builds it, from its standalone folder, where Next hides what is a prefetch', async () => {
  const app = await startNext(
    (folder) => {
      const copy = 'cp -r .next/static .next/standalone/.next/'
      buildBy(folder, `next build --webpack && ${copy}`)
      writeFileSync(join(folder, 'next.config.ts'), "export default { output: 'standalone' }\n")
    },
    { start: ['node', '.next/standalone/server.js'] },
  )
  try {
    await drive(app.origin, DIFFERENCES)
    // Without `navigatesByScript`: the handler of the proxy writes, so `/` is loaded as a document.
    await driveBrowser(browser, app.origin)
  } finally {
    await app.stop()
  }
})

it('examples/next works in development, also if the handler of the proxy returns the page', async () => {
  const app = await startNext(
    (folder) => {
      buildBy(folder)
      const file = join(folder, 'proxy.ts')
      const text = readFileSync(file, 'utf8')
      const page =
        'return NextResponse.next({ request: { headers: new Headers(request.headers) } })'
      const returning = text
        .replace("!== '/') return\n", "!== '/') return NextResponse.next()\n")
        .replace('visits + 1)\n', `visits + 1)\n    ${page}\n`)
      expect(returning.split('return NextResponse.next(')).toHaveLength(3)
      writeFileSync(file, returning)
    },
    { start: ['npx', 'next', 'dev'], env: { NODE_ENV: 'development' } },
  )
  try {
    await drive(app.origin, DIFFERENCES)
  } finally {
    await app.stop()
  }
})

it('middleware.ts, which runs in the Edge runtime, says that it has to be named proxy.ts', async () => {
  const app = await startNext((folder) => {
    const file = join(folder, 'middleware.ts')
    renameSync(join(folder, 'proxy.ts'), file)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('const proxy', 'const middleware'))
  })
  try {
    expect((await visitor(app.origin).get('/')).status).toBe(500)
    expect(app.output()).toContain('Rename middleware.ts to proxy.ts')
  } finally {
    await app.stop()
  }
})

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startChromium } from '../../demo/chromium.ts'
import { driveBrowser } from './drive-browser.ts'
import { drive } from './drive.ts'
import { installExample, type PackedExample, startInstalled } from './packed.ts'
import { runScript } from './script.ts'
import { SVELTEKIT } from './sveltekit-versions.ts'

const SESSIONS = `import { sessions } from 'lib/server/sessions.ts'\n`

/** Pages that the example has no use for: each tests one thing. */
const PAGES: Readonly<Record<string, string>> = {
  'members/+page.server.ts': `${SESSIONS}
    export const load = async ({ locals }) => ({ name: (await sessions.signedIn(locals)).userId })`,
  'members/+page.svelte': '<h1>Members</h1>',
  'order/+page.server.ts': `${SESSIONS}
    export const load = async ({ locals, fetch }) => {
      const session = await sessions.get(locals)
      session.set('order', ['page'])
      await fetch('/order/part', { method: 'POST' })
      return { order: session.update('order', (all) => [...all, 'page again']) }
    }`,
  'order/+page.svelte': '<script>let { data } = $props()</script><h1>{data.order.join()}</h1>',
  'order/part/+server.ts': `${SESSIONS}
    export const POST = async ({ locals }) => {
      (await sessions.get(locals)).update('order', (all) => [...all, 'endpoint'])
      return new Response('saved')
    }`,
  'welcome/+page.svelte': '<h1>Never shown</h1>',
}

const PRERENDERED: Readonly<Record<string, string>> = {
  'about/+page.server.ts': `${SESSIONS}
    export const prerender = true
    export const load = async ({ locals }) => ({ name: (await sessions.get(locals)).userId })`,
  'about/+page.svelte': '<h1>About</h1>',
}

const REDIRECTS = `
import { redirect } from '@sveltejs/kit'

const redirects = async ({ event, resolve }) => {
  if (event.route.id !== '/welcome') return resolve(event)
  ;(await sessions.get(event.locals)).flash('Good to see you')
  event.cookies.set('theme', 'dark', { path: '/' })
  if (!event.url.searchParams.has('returned')) redirect(303, '/')
  return new Response(null, { status: 303, headers: { location: '/' } })
}
`

/** Another hook, behind that of the sessions. */
function addHook(folder: string, text: string): void {
  const file = join(folder, 'src', 'hooks.server.ts')
  const [before, after] = readFileSync(file, 'utf8').split(/^(?=export const handle = )/m)
  const handle = after!.replace('handleSessions(sessions), ', '$&redirects, ')
  writeFileSync(file, before + text + handle)
}

function addRoutes(folder: string, routes: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(routes)) {
    const file = join(folder, 'src', 'routes', name)
    mkdirSync(dirname(file), { recursive: true })
    const lib = `${'../'.repeat(name.split('/').length)}lib/`
    writeFileSync(file, text.replace("'lib/", `'${lib}`))
  }
}

describe.each(Object.keys(SVELTEKIT))('examples/sveltekit on SvelteKit %s', (major) => {
  let folder: string
  let example: PackedExample
  let browser: Browser

  beforeAll(async () => {
    folder = await installExample('sveltekit', { versions: SVELTEKIT[major]! })
    if (major === '2') {
      const file = join(folder, 'tsconfig.json')
      const config = JSON.parse(readFileSync(file, 'utf8'))
      const own = { extends: './.svelte-kit/tsconfig.json' }
      writeFileSync(file, JSON.stringify({ ...config, ...own, include: undefined }))
    }
  })

  afterAll(async () => {
    await browser?.close()
    await example?.stop()
  })

  // Where SvelteKit 2 has `Handle`, SvelteKit 3 has nothing.
  it.runIf(major === '3')("fits SvelteKit's types", () => runScript(folder, 'check'))

  it('is not built with a prerendered page that uses a session', async () => {
    addRoutes(folder, { ...PAGES, ...PRERENDERED })
    addHook(folder, REDIRECTS)
    const building = startInstalled(folder)
    await expect(building).rejects.toThrow(
      /SvelteKit prerenders this page: the build makes one file for all visitors/,
    )
    rmSync(join(folder, 'src', 'routes', 'about'), { recursive: true })
  })

  it('serves the pages of every framework', async () => {
    example = await startInstalled(folder)
    await drive(example.origin)
  })

  it('works in a browser', async () => {
    browser = await startChromium()
    await driveBrowser(browser, example.origin, { navigatesByScript: true })
  })

  it(`sends ${major === '2' ? '500' : '401'} where signedIn throws in load, with a text for visitors`, async () => {
    const response = await fetch(`${example.origin}/members`)
    expect(response.status).toBe(major === '2' ? 500 : 401)
    const text = await response.text()
    expect(text).toContain('Please sign in first.')
    expect(text).not.toMatch(/SessionError|ERR_|Redirect to the sign-in page/)
    expect(example.output()).not.toContain('SessionError')
  })

  it('shares the session of a page with what it fetches from its own app', async () => {
    const response = await fetch(`${example.origin}/order`)
    expect(await response.text()).toContain('page,endpoint,page again</h1>')
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })

  it('redirects a form with use:enhance to the sign-in page', async () => {
    const { origin } = example
    const sent = { origin, 'sec-fetch-site': 'same-origin' }
    const headers = { ...sent, 'x-sveltekit-action': 'true', accept: 'application/json' }
    const form = { method: 'POST', headers, body: new URLSearchParams({ a: '1' }) }
    const response = await fetch(`${origin}/account`, form)
    expect(await response.json()).toEqual({ type: 'redirect', status: 303, location: '/login' })
  })

  it.each([
    ['a document, by redirect()', '/welcome', ['theme', 'session']],
    ['a navigation by script, by redirect()', '/welcome/__data.json', ['theme', 'session']],
    ['a document, by a Response', '/welcome?returned', ['session']],
    ['a navigation by script, by a Response', '/welcome/__data.json?returned', ['session']],
  ])('keeps the session where a hook redirects %s', async (_, path, names) => {
    const response = await fetch(`${example.origin}${path}`, { redirect: 'manual' })
    const lines = response.headers.getSetCookie()
    expect(lines.map((line) => /(\w+)=/.exec(line)![1])).toEqual(names)
    if (path.includes('__data.json')) {
      // SvelteKit 2 tells no status.
      expect(await response.json()).toMatchObject({ type: 'redirect', location: '/' })
      expect(response.headers.get('cache-control')).toBe('private, no-store')
    } else {
      expect([response.status, response.headers.get('location')]).toEqual([303, '/'])
    }
    const cookie = lines.at(-1)!.split(';')[0]!
    const home = await fetch(example.origin, { headers: { cookie } })
    expect(await home.text()).toContain('Good to see you')
  })
})

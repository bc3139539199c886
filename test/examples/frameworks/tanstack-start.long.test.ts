import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startChromium } from '../../demo/chromium.ts'
import { driveBrowser } from './drive-browser.ts'
import { drive } from './drive.ts'
import { installExample, type PackedExample, startInstalled } from './packed.ts'
import { runScript } from './script.ts'

/** Finds the session by the request, writes, and throws. */
const MEMBERS = `
import { createFileRoute } from '@tanstack/react-router'
import { createServerFn } from '@tanstack/react-start'
import { getRequest } from '@tanstack/react-start/server'
import { sessions } from '../sessions.ts'

const load = createServerFn().handler(async () => {
  const session = await sessions.get(getRequest())
  session.set('visits', 7)
  throw new Error('Boom')
})

export const Route = createFileRoute('/members')({ loader: () => load(), component: () => null })
`

describe('examples/tanstack-start', () => {
  let folder: string
  let example: PackedExample
  let browser: Browser

  beforeAll(async () => {
    folder = await installExample('tanstack-start')
    writeFileSync(join(folder, 'src', 'routes', 'members.tsx'), MEMBERS)
    example = await startInstalled(folder)
    browser = await startChromium()
  })

  afterAll(async () => {
    await browser?.close()
    await example?.stop()
  })

  it('serves the pages of every framework', async () => {
    await drive(example.origin)
  })

  it('fits the types, with the routes that the build has found', () =>
    runScript(folder, 'typecheck'))

  it('works in a browser', async () => {
    await driveBrowser(browser, example.origin, { navigatesByScript: true })
  })

  it('saves what was written before an error', async () => {
    const response = await fetch(`${example.origin}/members`)
    expect(response.status).toBe(500)
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })

  it('has nothing of the library in what the browser loads', () => {
    const assets = join(folder, '.output', 'public', 'assets')
    const scripts = readdirSync(assets).map((name) => readFileSync(join(assets, name), 'utf8'))
    expect(scripts.length).toBeGreaterThan(3)
    expect(scripts.filter((script) => /SESSION_SECRET|ERR_SESSION/.test(script))).toEqual([])
  })
})

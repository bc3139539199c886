/** Each starter as its owner uses it: made, installed, type-checked, started, and used in a browser. */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../package/repository.ts'
import { startChromium } from '../demo/chromium.ts'
import {
  npmInstall,
  packLibrary,
  type PackedExample,
  startInstalled,
} from '../examples/frameworks/packed.ts'

let browser: Browser

beforeAll(async () => {
  browser = await startChromium()
})

afterAll(() => browser?.close())

async function started(template: string): Promise<PackedExample> {
  const folder = join(mkdtempSync(join(tmpdir(), `sojourn-starter-`)), 'app')
  const create = join(root, 'packages', 'create-sojourn', 'create.mjs')
  execFileSync(process.execPath, [create, folder, '--template', template])
  const file = join(folder, 'package.json')
  const tarball = await packLibrary()
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace('"sojourn": "*"', `"sojourn": "file:${tarball}"`))
  await npmInstall(folder)
  if (!existsSync(join(folder, 'tsconfig.json'))) {
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--skipLibCheck']
    const compiler = join(folder, 'node_modules', '.bin', 'tsc')
    execFileSync(compiler, [...options, '--allowImportingTsExtensions', 'app.ts'], { cwd: folder })
  }
  return startInstalled(folder)
}

describe.each(['express', 'hono', 'next'])('the starter for %s', (template) => {
  let app: PackedExample

  beforeAll(async () => {
    app = await started(template)
  }, 900_000)

  afterAll(() => app?.stop())

  test('a new user signs up, signs in, sees the account and signs out', async () => {
    const context = await browser.newContext({ baseURL: app.origin })
    const page = await context.newPage()
    await page.goto('/account')
    await page.getByRole('link', { name: 'Sign up' }).click()
    await page.getByRole('button', { name: 'Sign up' }).waitFor()
    await page.getByLabel('Name').fill('Ada')
    await page.getByLabel('Password').fill('short')
    await page.getByRole('button').click()
    await page.getByText('A password has 8 to 200 characters.').waitFor()
    await page.getByLabel('Name').fill('Ada')
    await page.getByLabel('Password').fill('engine-1843')
    await page.getByRole('button').click()
    await page.getByText('You can sign in now.').waitFor()
    await page.goto('/account')
    await page.getByLabel('Name').fill('ada')
    await page.getByLabel('Password').fill('wrong password')
    await page.getByRole('button').click()
    await page.getByText('Wrong name or password.').waitFor()
    await page.getByLabel('Name').fill('ada')
    await page.getByLabel('Password').fill('engine-1843')
    await page.getByRole('button').click()
    await page.getByRole('heading', { name: 'Account of ada' }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/account')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('Signed out.').waitFor()
    await page.goto('/account')
    expect(new URL(page.url()).pathname).toBe('/login')
    await context.close()
  })
})

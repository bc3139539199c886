/** The tutorial "Your first session", followed word for word in an empty folder, up to a signed-in browser. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../servers/postgres.ts'
import { root, text } from '../package/repository.ts'
import { startChromium } from '../demo/chromium.ts'

const page = text('docs/guide/first-session.md')
const blocks = [...page.matchAll(/^```(sh|js)\n([^]*?)^```/gm)].map(([, kind, code]) => ({
  kind: kind!,
  code: code!,
}))
const [setUp, , start] = blocks
const programs = blocks.filter(({ kind }) => kind === 'js').map(({ code }) => code)

let empty: string
let app: string
let server: ChildProcess | undefined

beforeAll(() => {
  empty = mkdtempSync(join(tmpdir(), 'sojourn-tutorial-'))
  app = join(empty, 'my-app')
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', empty], {
      cwd: root,
      encoding: 'utf8',
    }),
  ) as [{ filename: string }]
  // The package as it would come from the registry.
  const commands = setUp!.code.replace('install sojourn ', `install ${join(empty, filename)} `)
  if (commands === setUp!.code) throw new Error('The tutorial installs another package.')
  execFileSync('bash', ['-euc', commands], { cwd: empty, stdio: 'pipe' })
}, 300_000)

afterAll(() => {
  server?.kill()
  rmSync(empty, { recursive: true, force: true })
})

async function started(program: string): Promise<string> {
  server?.kill()
  writeFileSync(join(app, 'app.js'), program)
  const port = await freePort()
  const [command, ...args] = start!.code.trim().split(' ')
  if (command !== 'node') throw new Error('The tutorial starts another program.')
  const { PATH, HOME } = process.env
  server = spawn(process.execPath, args, {
    cwd: app,
    env: { PATH, HOME, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const origin = `http://localhost:${port}`
  const ended = once(server, 'exit').then(() => Promise.reject(new Error('the program ended')))
  ended.catch(() => {})
  for (;;) {
    const response = await Promise.race([fetch(origin).catch(() => undefined), ended])
    if (response) return origin
  }
}

test('counts the visits of each visitor', async () => {
  const origin = await started(programs[0]!)
  const browser = await startChromium()
  try {
    const visitor = await browser.newPage()
    await visitor.goto(origin)
    await visitor.reload()
    await visitor.reload()
    expect(await visitor.innerText('body')).toBe('You have been here 3 times.')
    const other = await (await browser.newContext()).newPage()
    await other.goto(origin)
    expect(await other.innerText('body')).toBe('You have been here 1 times.')
  } finally {
    await browser.close()
  }
})

test('signs in and out', async () => {
  const origin = await started(programs[1]!)
  const browser = await startChromium()
  try {
    const visitor = await browser.newPage()
    await visitor.goto(`${origin}/account`)
    expect(visitor.url()).toBe(`${origin}/login?next=%2Faccount`)
    await visitor.getByLabel('Name').fill('ada')
    await visitor.getByLabel('Password').fill('look it up')
    await visitor.getByLabel('Stay signed in').check()
    await visitor.getByRole('button').click()
    expect(await visitor.innerText('h1')).toBe('Account of ada')
    const [cookie] = await visitor.context().cookies()
    expect(cookie).toMatchObject({ name: 'session', httpOnly: true, sameSite: 'Lax' })
    expect(cookie!.expires).toBeGreaterThan(0)
    await visitor.getByRole('button').click()
    expect(await visitor.innerText('body')).toContain('Good-bye.')
    await visitor.goto(`${origin}/account`)
    expect(visitor.url()).toContain('/login')
  } finally {
    await browser.close()
  }
})

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { visitor } from '../examples/visitor.ts'
import { PASSWORDS } from './start.ts'

const program = fileURLToPath(new URL('../../demo/server.ts', import.meta.url))

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-demo-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Starts `node demo/server.ts` and waits for the address it prints. */
async function start(
  folder: string,
  port: number,
  ...args: string[]
): Promise<{ child: ChildProcess; printed: string; origin: string }> {
  const { NODE_ENV: _, ...env } = process.env
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...env, DEMO_DATA: folder, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill())
  let printed = ''
  for await (const chunk of child.stdout!) {
    printed += String(chunk)
    const [origin] = /http:\/\/localhost:\d+/.exec(printed) ?? []
    if (origin !== undefined) return { child, printed, origin }
  }
  throw new Error(`The demo did not start: ${printed}`)
}

test('a restart signs nobody out and loses no list: the secret is kept, for its owner only', async () => {
  const folder = emptyFolder()
  const first = await start(folder, 0)
  const ada = visitor(first.origin)
  await ada.post('/sign-in', { name: 'ada', password: PASSWORDS.ada })
  await ada.post('/todo', { text: 'survive' })
  expect(statSync(join(folder, 'secret')).mode & 0o777).toBe(0o600)
  // In development, where a Secure cookie over plain HTTP may be dropped.
  expect([...ada.cookies.keys()]).toEqual(['session'])
  first.child.kill()
  await once(first.child, 'exit')

  const second = await start(folder, 0)
  const again = visitor(second.origin)
  for (const [name, value] of ada.cookies) again.cookies.set(name, value)
  expect((await again.get('/todo')).text).toContain('survive')
})

test('a port that is taken is left alone: the demo says so and takes the next free one', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, resolve))
  onTestFinished(() => void taken.close())
  const { port } = taken.address() as AddressInfo
  const { printed, origin } = await start(emptyFolder(), port)
  expect(printed).toContain(`Port ${port} is taken.`)
  expect(Number(new URL(origin).port)).toBeGreaterThan(port)
  expect((await visitor(origin).get('/')).status).toBe(200)
})

test.each(['sqlite', 'redis', 'postgres', 'memory', 'cookie'])(
  'keeps its sessions where it is told: --store %s',
  async (place) => {
    const { origin, printed } = await start(emptyFolder(), 0, '--store', place)
    expect(printed).toMatch(/Sessions are kept in .+\n/)
    const ada = visitor(origin)
    await ada.post('/sign-in', { name: 'ada', password: PASSWORDS.ada })
    expect((await ada.get('/profile')).text).toContain('Ada Lovelace')
    // A cookie that only carries an id has nothing else in it.
    const value = ada.cookies.get('session') ?? ''
    expect(/^[\w-]{22}\.[\w-]{43}\.[\w-]{16}$/.test(value)).toBe(place !== 'cookie')
  },
)

test.each([
  [['--store', 'redis'], { REDIS_URL: 'redis://127.0.0.1:1' }, 'No Redis answers'],
  [['--store', 'postgres'], { DATABASE_URL: 'postgres://127.0.0.1:1/x' }, 'No PostgreSQL answers'],
  [['--store', 'mongodb'], {}, 'The one option is --store'],
  [['--port', '80'], {}, 'The one option is --store'],
])('says what to do where it cannot start: %j', async (args, settings, says) => {
  const env = { ...process.env, ...settings, DEMO_DATA: emptyFolder(), PORT: '0' }
  const child = spawn(process.execPath, [program, ...args], { env, stdio: 'pipe' })
  onTestFinished(() => void child.kill())
  let said = ''
  child.stderr.on('data', (chunk) => (said += String(chunk)))
  const [code] = await once(child, 'close')
  expect(said).toContain(says)
  expect(code).toBe(1)
})

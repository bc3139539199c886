import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSocketServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { createClient } from 'redis'
import { expect, onTestFinished, test, vi } from 'vitest'
import { sqliteStore } from '../../demo/sojourn.ts'
import { pruneHourly } from '../../demo/store.ts'
import { startRedis } from '../servers/redis.ts'
import { browser, PASSWORDS } from './start.ts'

const program = fileURLToPath(new URL('../../demo/server.ts', import.meta.url))

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-demo-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Starts `node demo/server.ts` and waits for the address it prints. */
const start = (folder: string, port: number, ...args: string[]) =>
  startWith({}, folder, port, ...args)

async function startWith(
  settings: Readonly<Record<string, string>>,
  folder: string,
  port: number,
  ...args: string[]
): Promise<{ child: ChildProcess; printed: string; origin: string }> {
  const { NODE_ENV: _, ...env } = process.env
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...env, ...settings, DEMO_DATA: folder, PORT: String(port) },
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
  const ada = browser(first.origin)
  await ada.post('/sign-in', { name: 'ada', password: PASSWORDS.ada })
  await ada.post('/todo', { text: 'survive' })
  expect(statSync(join(folder, 'secret')).mode & 0o777).toBe(0o600)
  // In development, where a Secure cookie over plain HTTP may be dropped.
  expect([...ada.cookies.keys()]).toEqual(['session'])
  first.child.kill()
  await once(first.child, 'exit')

  const second = await start(folder, 0)
  const again = browser(second.origin)
  for (const [name, value] of ada.cookies) again.cookies.set(name, value)
  expect((await again.get('/todo')).text).toContain('survive')
})

test('ends once, in order, if it gets two signals', async () => {
  const { child } = await start(emptyFolder(), 0)
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  child.kill('SIGINT')
  expect(await ended).toEqual([0, null])
})

/** A busy machine takes longer than the second that is usual. */
const PATIENTLY = { timeout: 60_000 }

test('ends with SIGTERM once Redis, which takes no writes for a while, has confirmed a logout', async () => {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const client = createClient({ url: redis.url })
  await client.connect()
  onTestFinished(() => client.destroy())
  const folder = emptyFolder()
  const settings = { REDIS_URL: redis.url }
  const first = await startWith(settings, folder, 0, '--store', 'redis')
  const ada = browser(first.origin)
  await ada.post('/sign-in', { name: 'ada', password: PASSWORDS.ada })
  const copy = ada.cookies.get('session')!
  // As while its replicas are away.
  await client.configSet('min-replicas-to-write', '1')
  expect((await ada.post('/sign-out')).status).toBe(503)
  const ended = once(first.child, 'exit')
  first.child.kill('SIGTERM')
  await vi.waitUntil(
    () =>
      fetch(first.origin).then(
        () => false,
        () => true,
      ),
    PATIENTLY,
  )
  await client.configSet('min-replicas-to-write', '0')
  expect(await ended).toEqual([0, null])

  const second = await startWith(settings, folder, 0, '--store', 'redis')
  const thief = browser(second.origin)
  thief.cookies.set('session', copy)
  expect((await thief.get('/profile')).text).not.toContain('Ada Lovelace')
})

test('sessions that are over are deleted, when it starts and then each hour', async () => {
  const folder = emptyFolder()
  const db = new DatabaseSync(join(folder, 'sessions.sqlite'))
  onTestFinished(() => db.close())
  const store = sqliteStore(db)
  await store.createSchema()
  const row = { write: 'w', recent: [], owner: null, body: '' }
  await store.insert('over', { ...row, expiresAt: 0 })
  await store.insert('live', { ...row, expiresAt: Date.UTC(2100, 0, 1) })
  await start(folder, 0)
  await vi.waitUntil(
    () => db.prepare('SELECT key FROM sojourn_sessions').all().length === 1,
    PATIENTLY,
  )
  expect(await store.read('live')).not.toBe(null)

  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const prune = vi.fn<() => Promise<number>>(() => Promise.reject(new Error('down')))
  pruneHourly({ ...store, prune })
  await vi.advanceTimersByTimeAsync(3 * 60 * 60 * 1000)
  expect(prune).toHaveBeenCalledTimes(4)
})

test('a port that is taken is left alone: the demo says so and takes the next free one', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, resolve))
  onTestFinished(() => void taken.close())
  const { port } = taken.address() as AddressInfo
  const { printed, origin } = await start(emptyFolder(), port)
  expect(printed).toContain(`Port ${port} is taken.`)
  expect(Number(new URL(origin).port)).toBeGreaterThan(port)
  expect((await browser(origin).get('/')).status).toBe(200)
})

test.each(['sqlite', 'redis', 'postgres', 'memory', 'cookie'])(
  'keeps its sessions where it is told: --store %s',
  async (place) => {
    const { origin, printed } = await start(emptyFolder(), 0, '--store', place)
    expect(printed).toMatch(/Sessions are kept in .+\n/)
    const ada = browser(origin)
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
  [['--store', 'redis'], { REDIS_URL: 'redis://127.0.0.1:1' }, 'ECONNREFUSED'],
  [['--store', 'postgres'], { DATABASE_URL: 'postgres://127.0.0.1:1/x' }, 'ECONNREFUSED'],
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

test.each(['redis', 'postgres'])('does not show the password of the URL: %s', async (place) => {
  const server = createSocketServer((socket) => {
    socket.on('error', () => {})
    socket.end(
      place === 'redis' ? '-ERR hunter2/x is wrong\r\n' : errorOfPostgres('hunter2/x is wrong'),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const url = `${place}://ada:hunter2%2Fx@127.0.0.1:${port}/0`
  const env = { ...process.env, REDIS_URL: url, DATABASE_URL: url }
  const child = spawn(process.execPath, [program, '--store', place], {
    env: { ...env, DEMO_DATA: emptyFolder(), PORT: '0' },
    stdio: 'pipe',
  })
  onTestFinished(() => void child.kill())
  let said = ''
  child.stderr.on('data', (chunk) => (said += String(chunk)))
  await once(child, 'close')
  expect(said).toContain('*** is wrong')
  expect(said).not.toContain('hunter2')
})

/** An ErrorResponse: "E", its length, fields that end in zeros. */
function errorOfPostgres(message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0C28P01\0M${message}\0\0`)
  const length = Buffer.alloc(4)
  length.writeInt32BE(fields.length + 4)
  return Buffer.concat([Buffer.from('E'), length, fields])
}

/** Listening for ended sessions, on clients of `pg` and `postgres` that the user gives. */

import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { Client } from 'pg'
import postgres from 'postgres'
import { expect, onTestFinished, test, vi } from 'vitest'
import { listeningOn } from '../../../src/stores/postgres/listen.ts'
import { connectPool, url } from './tables.ts'

const pool = connectPool()
const EVENTS = ['notification', 'error', 'end'] as const

async function connected(): Promise<Client> {
  const client = new Client({ connectionString: url })
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

const listenersOf = (client: Client) => EVENTS.map((event) => client.listenerCount(event))
const ignore = () => {}

test('a client of pg has no more listeners after each subscription that was stopped, was lost or failed', async () => {
  const client = await connected()
  const before = listenersOf(client)
  const listen = listeningOn('listen_test_leak', client)
  for (let times = 0; times < 12; times += 1) await (await listen(ignore, ignore))()
  // One for errors stays: the connection may end while nothing is watched.
  const expected = [before[0], before[1]! + 1, before[2]]
  expect(listenersOf(client)).toEqual(expected)
  const lost = vi.fn<() => void>()
  await listen(ignore, lost)
  await client.end()
  expect(lost).toHaveBeenCalledTimes(1)
  for (let times = 0; times < 12; times += 1) await listen(ignore, ignore).catch(ignore)
  expect(listenersOf(client)).toEqual(expected)
})

test('a connection of its own that is closed by stopping is not told as lost', async () => {
  const lost = vi.fn<() => void>()
  const client = new Client({ connectionString: url })
  const connectIt = async () => {
    await client.connect()
    return client
  }
  const stop = await listeningOn('listen_test_own', connectIt)(ignore, lost)
  const ended = new Promise((resolve) => void client.once('end', () => resolve(undefined)))
  await stop()
  await ended
  expect(lost).not.toHaveBeenCalled()
})

test.each(['pg', 'postgres'])(
  'two createSessions on one client of %s both hear, and one that stops does not silence the other',
  async (kind) => {
    const channel = `listen_test_two_${kind}`
    const sql = postgres(url, { onnotice: ignore, max: 1 })
    onTestFinished(() => sql.end())
    const client = kind === 'pg' ? await connected() : sql
    const heard: string[] = []
    const stopOne = await listeningOn(channel, client)((key) => heard.push(`one ${key}`), ignore)
    const stopTwo = await listeningOn(channel, client)((key) => heard.push(`two ${key}`), ignore)
    const notify = (key: string) => pool.query('SELECT pg_notify($1, $2)', [channel, key])
    await notify('a')
    await vi.waitFor(() => expect(heard).toEqual(['one a', 'two a']))
    await stopOne()
    await notify('b')
    await vi.waitFor(() => expect(heard).toEqual(['one a', 'two a', 'two b']))
    await stopTwo()
    // One that begins again listens anew.
    await listeningOn(channel, client)((key) => heard.push(`three ${key}`), ignore)
    await notify('c')
    await vi.waitFor(() => expect(heard.slice(3)).toEqual(['three c']))
  },
)

test('a client of postgres whose server was away hears each notification once', async () => {
  const channel = 'listen_test_away'
  const server = createServer()
  const start = (port: number) =>
    new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve))
  await start(0)
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => void server.close(resolve))
  const target = new URL(url)
  const passed = new URL(url)
  passed.hostname = '127.0.0.1'
  passed.port = String(port)
  const sockets: Socket[] = []
  server.on('connection', (socket) => {
    const other = connect(Number(target.port || 5432), target.hostname)
    for (const one of [socket, other]) one.on('error', ignore)
    sockets.push(socket, other)
    socket.pipe(other).pipe(socket)
  })
  const sql = postgres(passed.href, { onnotice: ignore, max: 1, backoff: () => 0.05 })
  onTestFinished(async () => {
    await sql.end({ timeout: 0 })
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const listen = listeningOn(channel, sql)
  const heard: string[] = []
  // As the watch does: once more after each failure.
  for (let times = 0; times < 4; times += 1) {
    const isSubscribed = await listen((key) => heard.push(key), ignore).then(
      () => true,
      () => false,
    )
    if (isSubscribed) break
  }
  await start(port)
  await vi.waitFor(
    async () => {
      await pool.query('SELECT pg_notify($1, $2)', [channel, 'early'])
      expect(heard).toContain('early')
    },
    { timeout: 10_000, interval: 100 },
  )
  await pool.query('SELECT pg_notify($1, $2)', [channel, 'late'])
  await vi.waitFor(() => expect(heard).toContain('late'))
  expect(heard.filter((key) => key === 'late')).toEqual(['late'])
})

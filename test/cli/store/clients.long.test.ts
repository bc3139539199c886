/** The command with the clients that the quick tests leave out, on a Cluster, and on an old Node. */

import { execFileSync, spawnSync } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createCluster } from 'redis'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { redisStore } from '../../../src/stores/redis/redis.ts'
import { startRedisCluster } from '../../servers/redis-cluster.ts'
import { sojourn } from '../command.ts'
import {
  appOn,
  listsAndEnds,
  type Place,
  postgresPlace,
  project,
  redisPlace,
  signIn,
  sqlitePlace,
  userOf,
} from './places.ts'

beforeEach(() => {
  // The app says that these sessions are gone, and what these servers are not set to.
  vi.spyOn(console, 'warn').mockReturnValue()
})
afterEach(() => {
  vi.restoreAllMocks()
})

for (const name of ['ioredis', 'iovalkey']) listsAndEnds('Redis', name, redisPlace)
listsAndEnds('PostgreSQL', 'postgres', postgresPlace)
for (const name of ['redis', 'ioredis', 'iovalkey']) {
  listsAndEnds('a Redis Cluster', name, clusterPlace)
}

async function clusterPlace(): Promise<Place> {
  const cluster = await startRedisCluster()
  onTestFinished(() => cluster.stop())
  const client = await createCluster({ rootNodes: [{ url: cluster.url }] })
    .on('error', () => {})
    .connect()
  onTestFinished(() => client.destroy())
  return {
    store: redisStore(client, { prefix: 'cli:' }),
    env: { SOJOURN_STORE: cluster.url.replace('redis:', 'redis-cluster:') },
    args: ['--prefix', 'cli:'],
    age: async () => {},
  }
}

test.each(['redis', 'ioredis', 'iovalkey', 'pg', 'postgres'])(
  'a server that takes the connection and says nothing is given up: %s',
  async (name) => {
    const server = createServer((socket) => void socket.on('error', () => {})).listen(
      0,
      '127.0.0.1',
    )
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const scheme = name.startsWith('p') ? 'postgres' : 'redis'
    const env = { SOJOURN_STORE: `${scheme}://u:hunter2@127.0.0.1:${port}/0` }
    const { code, out, err } = await sojourn(['list', 'ada'], { cwd: project([name]), env })
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/^sojourn: .+\n$/)
    expect(err).not.toContain('hunter2')
  },
)

test.each(['ioredis', 'iovalkey'])('a wrong password is said to be wrong: %s', async (name) => {
  const { host } = new URL(process.env['REDIS_URL'] ?? '')
  const env = { SOJOURN_STORE: `redis://u:hunter2@${host}` }
  const { code, err } = await sojourn(['list', 'ada'], { cwd: project([name]), env })
  expect(code).toBe(1)
  expect(err).toContain('(WRONGPASS)')
  expect(err).not.toContain('hunter2')
})

test('on a Node without SQLite, better-sqlite3 is taken from the project', async () => {
  const installer = resolve(import.meta.dirname, '../../stores/sqlite/better-sqlite3-install.mjs')
  const installed = execFileSync(process.execPath, [installer], { encoding: 'utf8' })
  const { node, folder } = JSON.parse(installed) as { node: string; folder: string }
  const place = await sqlitePlace()
  const app = appOn(place)
  const phone = await signIn(app, 'ada', 'Phone')
  const cwd = project([])
  const name = 'better-sqlite3'
  symlinkSync(join(folder, 'node_modules', name), join(cwd, 'node_modules', name))
  const main = resolve(import.meta.dirname, '../../../dist/cli/main.js')
  const { status, stdout, stderr } = spawnSync(
    node,
    [main, 'revoke', 'ada', phone.handle, ...place.args],
    { cwd, env: place.env, encoding: 'utf8' },
  )
  expect({ status, stdout, stderr }).toEqual({
    status: 0,
    stdout: 'Ended 1 session.\n',
    stderr: '',
  })
  expect(await userOf(app, phone)).toBeUndefined()
})

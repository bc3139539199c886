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
import {
  appOn,
  CLIENTS,
  listsAndEnds,
  moduleOf,
  type Place,
  postgresPlace,
  project,
  redisPlace,
  runOn,
  SECRET,
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

listsAndEnds('Redis', 'iovalkey', redisPlace)
listsAndEnds('PostgreSQL', 'postgres', postgresPlace)
for (const name of ['redis', 'ioredis', 'iovalkey']) {
  listsAndEnds('a Redis Cluster', name, clusterPlace)
}

async function clusterPlace(name: string): Promise<Place> {
  const cluster = await startRedisCluster()
  onTestFinished(() => cluster.stop())
  const client = await createCluster({ rootNodes: [{ url: cluster.url }] })
    .on('error', () => {})
    .connect()
  onTestFinished(() => client.destroy())
  const makes =
    name === 'redis'
      ? `import { createCluster } from 'redis'
const client = createCluster({ rootNodes: [{ url: process.env.REDIS_URL }] })
await client.connect()`
      : `import { Cluster } from '${name}'
const client = new Cluster([process.env.REDIS_URL])`
  return {
    store: redisStore(client, { prefix: 'cli:' }),
    opens: `${makes}\nconst store = redisStore(client, { prefix: 'cli:' })`,
    env: { REDIS_URL: cluster.url },
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
    const { code, out, err } = await on(name, `u:hunter2@127.0.0.1:${port}`)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/^sojourn: .+\n$/)
    expect(err).not.toContain('hunter2')
  },
)

test.each(['ioredis', 'iovalkey'])('a wrong password is said to be wrong: %s', async (name) => {
  const { host } = new URL(process.env['REDIS_URL'] ?? '')
  const { code, err } = await on(name, `u:hunter2@${host}`)
  expect(code).toBe(1)
  expect(err).toContain('WRONGPASS')
  expect(err).not.toContain('hunter2')
})

/** Lists sessions of an app whose store is there, through the client of that package. */
function on(name: string, where: string) {
  const engine = name.startsWith('p') ? 'postgres' : 'redis'
  const opens = `${CLIENTS[name]}\nconst store = ${engine}Store(client)`
  const env = { [engine === 'redis' ? 'REDIS_URL' : 'DATABASE_URL']: `${engine}://${where}/0` }
  return runOn(moduleOf(opens), [name], ['list', 'ada'], { env })
}

test('on a Node without SQLite, an app with better-sqlite3 is served', async () => {
  const installer = resolve(import.meta.dirname, '../../stores/sqlite/better-sqlite3-install.mjs')
  const installed = execFileSync(process.execPath, [installer], { encoding: 'utf8' })
  const { node, folder } = JSON.parse(installed) as { node: string; folder: string }
  const place = await sqlitePlace()
  const app = appOn(place)
  const phone = await signIn(app, 'ada', 'Phone')
  const opens = `import Database from 'better-sqlite3'
const store = sqliteStore(new Database(process.env.DATABASE_FILE), { prefix: 'cli_' })`
  // The older Node loads no TypeScript.
  const module = moduleOf(opens).replaceAll(/\/src\/(.*)\.ts'/g, "/dist/$1.js'")
  const cwd = project([], module)
  const name = 'better-sqlite3'
  symlinkSync(join(folder, 'node_modules', name), join(cwd, 'node_modules', name))
  const main = resolve(import.meta.dirname, '../../../dist/cli/main.js')
  const { status, stdout, stderr } = spawnSync(
    node,
    [main, 'revoke', 'sessions.mjs', 'ada', phone.handle],
    {
      cwd,
      env: { ...place.env, SESSION_SECRET: SECRET, NODE_ENV: 'production' },
      encoding: 'utf8',
    },
  )
  expect({ status, stdout, stderr }).toEqual({
    status: 0,
    stdout: 'Ended 1 session.\n',
    stderr: '',
  })
  expect(await userOf(app, phone)).toBeUndefined()
})

/** 32 writers while a PostgreSQL primary dies and its synchronous standby takes over: nothing is lost. */

import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { Pool } from 'pg'
import postgres from 'postgres'
import { expect, onTestFinished, test } from 'vitest'
import { createSessions } from '../../src/index.ts'
import { type PostgresClient, postgresStore } from '../../src/stores/postgres/postgres.ts'
import { startStandby } from '../servers/postgres-standby.ts'
import { startPostgres } from '../servers/postgres.ts'
import { SECRET } from '../session/visitor.ts'
import { report, strayErrors } from './visitors.ts'
import { startWriters } from './writers.ts'

const WRITERS = 32

const CLIENTS: Record<string, (url: string) => PostgresClient> = {
  pg(url) {
    const pool = new Pool({ connectionString: url }).on('error', () => {})
    onTestFinished(() => pool.end())
    return pool
  },
  postgres(url) {
    const sql = postgres(url, { onnotice: () => {}, backoff: false })
    onTestFinished(() => sql.end({ timeout: 1 }))
    return sql
  },
}

test.each(Object.entries(CLIENTS))(
  'a promoted standby has every acknowledged commit, and every session can be ended: %s',
  async (name, client) => {
    const stray = strayErrors()
    const primary = await startPostgres({ durability: 'flushed' })
    onTestFinished(() => primary.stop())
    const standby = await startStandby(primary.url)
    onTestFinished(() => standby.stop())
    await waitForStandby(primary.url)
    const address = await startAddress(primary.url)
    const store = postgresStore(client(address.url))
    await store.createSchema()
    const sessions = createSessions<any>({ secret: SECRET, store })
    const writers = startWriters(sessions, name, WRITERS)
    await writers.more(20)
    const readOnly = postgresStore(client(standby.url))
    await readOnly.list(`${name}-0`)
    expect(await readOnly.check()).toContainEqual(
      expect.stringMatching(/^This server is a replica/),
    )
    await primary.kill()
    const { refused } = writers.tally
    await standby.promote()
    address.moveTo(standby.url)
    await writers.more(20)
    const { current, ended } = await writers.end()
    const { acknowledged, lost, loggedOut } = writers.tally

    const isOpen = async (cookie: string) => (await sessions.open(cookie)).userId !== undefined
    const count = async (cookies: Iterable<string>) => {
      let open = 0
      for (const cookie of cookies) open += Number(await isOpen(cookie))
      return open
    }
    const [revived, open] = [await count(ended), await count(current.values())]
    for (const user of writers.users) await sessions.revokeUser(user)
    const after = await count([...ended, ...current.values()])
    report(
      `${name}, PostgreSQL standby promoted, ${WRITERS} writers: ${acknowledged} commits acknowledged, ${lost} lost; ${loggedOut} logouts, ${revived} revived; ${writers.tally.refused} refused, ${writers.tally.refused - refused} of them after the primary died; ${after} of ${current.size} open after revokeUser`,
    )
    expect({ lost, revived, open, after }).toEqual({
      lost: 0,
      revived: 0,
      open: current.size,
      after: 0,
    })
    expect(stray).toEqual([])
  },
)

/** From now on a commit waits for the standby: this resolves when there is one to wait for. */
async function waitForStandby(url: string): Promise<void> {
  const admin = new Pool({ connectionString: url, max: 1 }).on('error', () => {})
  await admin.query(`ALTER SYSTEM SET synchronous_standby_names = '*'`)
  await admin.query('SELECT pg_reload_conf()')
  for (let state = ''; state !== 'sync';) {
    const { rows } = await admin.query('SELECT sync_state FROM pg_stat_replication')
    state = rows[0]?.sync_state
  }
  await admin.end()
}

/** An address that moves from one server to another, as that of a proxy or a virtual IP does. */
async function startAddress(first: string) {
  let { port } = new URL(first)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const there = connect(Number(port), '127.0.0.1')
    for (const socket of [client, there]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        there.destroy()
      })
    }
    client.pipe(there).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    url: Object.assign(new URL(first), { port: (server.address() as AddressInfo).port }).href,
    moveTo(next: string) {
      port = new URL(next).port
    },
  }
}

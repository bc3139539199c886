/** Where the runs of this test keep their stores: the servers all tests share, or a folder. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { createClient } from 'redis'
import { afterAll } from 'vitest'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import type { Engine, Place } from './open.ts'

/** A new place for a store. It goes with the test file. */
export async function placeOf(engine: Engine): Promise<Place> {
  const run = `linear_${process.pid}_${Date.now().toString(36)}`
  switch (engine) {
    case 'memory':
      return { at: '', run }
    case 'sqlite':
      return { at: join(folder(), 'sessions.db'), run }
    case 'redis':
    case 'ioredis':
      // Its keys end by themselves, two minutes from now.
      return { at: process.env['REDIS_URL'] || (await own(startRedis)), run }
    case 'postgres':
    case 'postgres-serializable': {
      const at = process.env['DATABASE_URL'] || (await own(startPostgres))
      afterAll(() => ask(at, `DROP TABLE ${run}_sessions, ${run}_owners, ${run}_schema`))
      return { at, run }
    }
  }
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'sojourn-linearizability-'))
  afterAll(() => rmSync(made, { recursive: true, force: true }))
  return made
}

async function own(start: () => Promise<{ url: string; stop(): Promise<void> }>): Promise<string> {
  const server = await start()
  afterAll(() => server.stop())
  return server.url
}

/** Ends the connections of a run's clients, and of nobody else. @returns how many. */
export async function disconnect(engine: Engine, { at, run }: Place): Promise<number> {
  if (engine.startsWith('postgres')) {
    const where = `WHERE application_name = '${run}'`
    return ask(at, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity ${where}`)
  }
  const client = createClient({ url: at })
  await client.connect()
  try {
    const clients = await client.clientList()
    const ours = clients.filter(({ name }) => name === run)
    await Promise.all(ours.map(({ id }) => client.sendCommand(['CLIENT', 'KILL', 'ID', `${id}`])))
    return ours.length
  } finally {
    client.destroy()
  }
}

/** @returns how many rows came back. */
async function ask(url: string, sql: string): Promise<number> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rowCount ?? 0
  } finally {
    await client.end()
  }
}

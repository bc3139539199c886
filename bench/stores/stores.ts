/** Stores on Express beside the stores of express-session. */

import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startPostgres } from '../../test/servers/postgres.ts'
import { startRedis } from '../../test/servers/redis.ts'
import { type Effort, type Section, Unavailable } from '../figures.ts'
import { compareServers } from '../http/compare.ts'
import { installSqlitePeer } from './sqlite-peer.ts'

const PAGES = ['read', 'write'] as const

/** Redis on Express, in a server of its own unless REDIS_URL names one. */
export const redis: Section = (effort) =>
  withServer('REDIS_URL', startRedis, () =>
    compare('redis', 'Redis', effort, [
      'none',
      'bare, node-redis',
      'bare, ioredis',
      'sojourn, node-redis',
      'sojourn, ioredis',
      'sojourn, ioredis as it is',
      'express-session, connect-redis',
    ]),
  )

/** PostgreSQL on Express, in a server of its own unless DATABASE_URL names one. */
export const postgres: Section = (effort) =>
  withServer('DATABASE_URL', startPostgres, () =>
    compare('postgres', 'PostgreSQL', effort, [
      'none',
      'bare',
      'bare, prepare',
      'sojourn',
      'sojourn, prepare',
      'express-session, connect-pg-simple',
    ]),
  )

/** A SQLite file on Express. */
export const sqlite: Section = async (effort) => {
  installSqlitePeer(effort)
  // Not in the folder for temporary files: where that is in memory, writing to the disk is free.
  const cache = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url))
  const folder = await mkdtemp(join(cache, 'bench-sqlite-file-'))
  process.env['SQLITE_FOLDER'] = folder
  try {
    return await compare('sqlite', 'SQLite', effort, [
      'none',
      'sojourn',
      'express-session, better-sqlite3-session-store',
    ])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Starts a server unless the environment names one, and stops it afterwards. */
export async function withServer<Result>(
  variable: 'REDIS_URL' | 'DATABASE_URL',
  start: () => Promise<{ url: string; stop(): Promise<void> }>,
  work: () => Promise<Result>,
): Promise<Result> {
  if (process.env[variable]) return work()
  const server = await start().catch((error: unknown) => {
    throw new Unavailable(
      `${variable} is not set, and no server could be started: ${String(error)}`,
    )
  })
  process.env[variable] = server.url
  try {
    return await work()
  } finally {
    await server.stop()
  }
}

function compare(file: string, label: string, effort: Effort, names: readonly string[]) {
  return compareServers({ host: `stores/${file}`, label, names, pages: PAGES }, effort)
}

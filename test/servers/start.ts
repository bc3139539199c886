/** The servers all test files share: one Redis, one PostgreSQL, unless the environment names others. */

import { startPostgres } from './postgres.ts'
import { startRedis } from './redis.ts'

interface Server {
  readonly url: string
  stop(): Promise<void>
}

const SERVERS: readonly [variable: string, start: () => Promise<Server>][] = [
  ['REDIS_URL', startRedis],
  ['DATABASE_URL', startPostgres],
]

const started: Server[] = []

/**
 * Starts what is not there. Every test file keeps to keys and tables with a name of its own.
 *
 * A server that does not start fails only the tests that need it.
 */
export async function setup(): Promise<void> {
  const missing = SERVERS.filter(([variable]) => !process.env[variable])
  await Promise.all(
    missing.map(async ([variable, start]) => {
      try {
        const server = await start()
        process.env[variable] = server.url
        started.push(server)
      } catch (error) {
        process.stderr.write(`${variable} stays empty: ${String(error)}\n`)
      }
    }),
  )
}

/** Ends what was started. */
export async function teardown(): Promise<void> {
  await Promise.all(started.map((server) => server.stop()))
}

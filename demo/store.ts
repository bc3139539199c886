/** Where the demo keeps its sessions: `--store sqlite`, `redis`, `postgres`, `memory` or `cookie`. */

import { join, relative } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  memoryStore,
  postgresStore,
  redisStore,
  type SessionStore,
  sqliteStore,
} from './sojourn.ts'

/** The places there are; the first is the one without `--store`. */
export const PLACES = ['sqlite', 'redis', 'postgres', 'memory', 'cookie'] as const

/** One of them. */
export type Place = (typeof PLACES)[number]

/** Whether this is a place. */
export function isPlace(text: string): text is Place {
  return (PLACES as readonly string[]).includes(text)
}

/** A place that was opened. Without a store the cookie carries the session. */
export interface Opened {
  store: SessionStore | undefined
  /** In words, for the line that the demo prints. */
  where: string
  /** Ends the connection, after the sessions have been closed. */
  close(): Promise<void>
}

/**
 * Opens a place. SQLite keeps a file in the folder; Redis and PostgreSQL are asked where REDIS_URL
 * and DATABASE_URL point to.
 */
export async function openPlace(place: Place, folder: string): Promise<Opened> {
  switch (place) {
    case 'sqlite': {
      const db = new DatabaseSync(join(folder, 'sessions.sqlite'))
      const store = sqliteStore(db)
      await store.createSchema()
      return {
        store,
        where: `in SQLite, in ${relative(process.cwd(), join(folder, 'sessions.sqlite'))}`,
        close: async () => db.close(),
      }
    }
    case 'redis': {
      const url = process.env['REDIS_URL'] ?? 'redis://localhost:6379'
      const { createClient } = await import('redis')
      let wasThere = false
      // A Redis that goes away is waited for; one that never was there is not.
      const reconnectStrategy = (retries: number, cause: Error) =>
        wasThere ? Math.min(100 * 2 ** retries, 2_000) : cause
      const client = createClient({ url, socket: { reconnectStrategy } })
      // Without a listener a connection that breaks would end the demo.
      client.on('error', () => {})
      await client.connect()
      wasThere = true
      // Not client.close(), which waits for a Redis that may be away.
      const close = async () => client.destroy()
      return { store: redisStore(client), where: 'in Redis', close }
    }
    case 'postgres': {
      const url = process.env['DATABASE_URL'] ?? 'postgres://localhost:5432/postgres'
      const { default: pg } = await import('pg')
      const pool = new pg.Pool({ connectionString: url })
      pool.on('error', () => {})
      const store = postgresStore(pool)
      await store.createSchema()
      return { store, where: 'in PostgreSQL', close: () => pool.end() }
    }
    case 'memory':
      return {
        store: memoryStore(),
        where: 'in this process: a restart forgets them',
        close: async () => {},
      }
    case 'cookie':
      return { store: undefined, where: 'in one signed cookie', close: async () => {} }
  }
}

/** Deletes what is over, now and each hour. One that fails is made up for by the next. */
export function pruneHourly(store: SessionStore): void {
  const prune = () => void store.prune(10_000).catch(() => {})
  prune()
  // It is no reason to keep the process.
  setInterval(prune, 60 * 60 * 1000).unref()
}

/**
 * Why a place could not be opened, in the words of its client.
 *
 * Some of them repeat the URL they were given: its password is not for the terminal.
 */
export function reasonOf(error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error
  const said = first instanceof Error ? first.message || first.name : String(first)
  return passwords().reduce((text, password) => text.replaceAll(password, '***'), said)
}

/** As they stand in the URLs, and as they are sent. */
function passwords(): string[] {
  const urls = [process.env['REDIS_URL'], process.env['DATABASE_URL']]
  const found = urls.flatMap((url) => /\/\/[^/?#:]*:([^/?#]+)@/.exec(url ?? '')?.[1] ?? [])
  return found.flatMap((text) => {
    try {
      return [text, decodeURIComponent(text)]
    } catch {
      return [text]
    }
  })
}

/** What to do where a place cannot be opened. */
export const REMEDIES: Readonly<Partial<Record<Place, string>>> = {
  redis:
    'No Redis answers. Install and start one (sudo apt-get install redis-server), or set REDIS_URL to where one is.',
  postgres:
    'No PostgreSQL answers. Install and start one (sudo apt-get install postgresql), and set DATABASE_URL, as in postgres://user:password@localhost:5432/database.',
}

/** Starts the app written for express-session: on that, or with the drop-in in its place. */

import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Pool } from 'pg'
import { afterAll } from 'vitest'

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url))

export type Library = 'express-session' | 'the drop-in'
export type Store = 'memory' | 'connect-redis' | 'connect-pg-simple' | 'sojourn-redis' | 'cookie'

/** On what an app runs: the library that `require('express-session')` gives it, and its store. */
export const RUNS: readonly (readonly [
  library: 'express-session' | 'the drop-in',
  store: Store,
])[] = [
  ['express-session', 'memory'],
  ['express-session', 'connect-redis'],
  ['the drop-in', 'memory'],
  ['the drop-in', 'connect-redis'],
  ['the drop-in', 'sojourn-redis'],
  ['the drop-in', 'cookie'],
]

/** One process of the app. */
export interface App {
  readonly origin: string
  stop(): Promise<void>
}

/** A beginning of keys, or a name of a table, that no other test has. */
export function newPrefix(): string {
  return `session:${randomUUID()}:`
}

/** Starts it, until the test file ends. Processes with the same `prefix` share the sessions of a store on a server. */
export async function startApp(
  library: Library,
  store: Store,
  prefix: string = newPrefix(),
): Promise<App> {
  const table = prefix.replaceAll(/\W/g, '_')
  if (store === 'connect-pg-simple') await makeTable(table)
  const hooks = library === 'express-session' ? '../examples/from-source.ts' : 'mapped.ts'
  const child = fork(path('../fixtures/express-session-app/app.cjs'), {
    execArgv: ['--import', path(hooks)],
    env: {
      ...process.env,
      NODE_ENV: 'development',
      SESSION_STORE: store,
      SESSION_PREFIX: prefix,
      SESSION_TABLE: table,
    },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  started.push(child)
  let complaints = ''
  child.stderr?.on('data', (chunk: Buffer) => (complaints += String(chunk)))
  const failed = once(child, 'exit').then(() => {
    throw new Error(`The app did not start:\n${complaints}`)
  })
  const [port] = (await Promise.race([once(child, 'message'), failed])) as [number]
  failed.catch(() => {})
  return { origin: `http://127.0.0.1:${port}`, stop: () => stop(child) }
}

/** The table of connect-pg-simple, as its documentation has it made. Its own index has one name for all. */
async function makeTable(table: string): Promise<void> {
  const pool = new Pool({ connectionString: process.env['DATABASE_URL'] })
  await pool.query(
    `CREATE TABLE IF NOT EXISTS "${table}" (
      "sid" varchar NOT NULL COLLATE "default" PRIMARY KEY,
      "sess" json NOT NULL,
      "expire" timestamp(6) NOT NULL)`,
  )
  await pool.end()
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill()
  await once(child, 'exit')
}

const started: ChildProcess[] = []

afterAll(() => Promise.all(started.map((child) => stop(child))))

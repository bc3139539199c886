/** A PgBouncer of a test's own, before a PostgreSQL server. */

import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, launch, unprivileged } from './postgres.ts'

/** When PgBouncer takes a server's connection from a client and gives it to another. */
export type PoolMode = 'session' | 'transaction' | 'statement'

/** Starts a PgBouncer with 40 connections to the server. It ends with this process. */
export async function startPgBouncer(
  server: string,
  mode: PoolMode,
): Promise<{ url: string; stop(): Promise<void> }> {
  const { hostname, port: serverPort, username, password } = new URL(server)
  const as = await unprivileged()
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-pgbouncer-'))
  const port = await freePort()
  const file = join(folder, 'pgbouncer.ini')
  const lines = [
    '[databases]',
    `* = host=${hostname} port=${serverPort} user=${username} password=${password}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    `pool_mode = ${mode}`,
    'default_pool_size = 40',
    'max_client_conn = 200',
  ]
  await writeFile(file, lines.join('\n'))
  if (as.uid !== undefined && as.gid !== undefined) {
    for (const path of [folder, file]) await chown(path, as.uid, as.gid)
  }
  const running = await launch('/usr/sbin/pgbouncer', [file], folder, as, 'process up')
  return {
    url: `postgres://anybody@127.0.0.1:${port}/postgres`,
    async stop() {
      await running.shutDown()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

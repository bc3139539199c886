/** A standby of a PostgreSQL server of a test's own, which streams from it until it is promoted. */

import { execFile } from 'node:child_process'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { binaries, freePort, launch, SETTINGS, unprivileged } from './postgres.ts'

/** A standby while it runs. */
export interface PostgresStandby {
  readonly url: string
  /** Makes it a primary; resolves when it takes writes. */
  promote(): Promise<void>
  stop(): Promise<void>
}

/** Copies a server and starts the copy as its standby. It ends with this process. */
export async function startStandby(primary: string): Promise<PostgresStandby> {
  const as = await unprivileged()
  const bin = await binaries()
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-standby-'))
  const data = join(folder, 'data')
  if (as.uid !== undefined && as.gid !== undefined) await chown(folder, as.uid, as.gid)
  const run = (program: string, ...args: string[]) =>
    promisify(execFile)(join(bin, program), args, { ...as, cwd: folder })
  await run('pg_basebackup', '-d', primary, '-D', data, '-R', '-X', 'stream', '-c', 'fast')
  const port = await freePort()
  const flags = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const running = await launch(
    join(bin, 'postgres'),
    ['-D', data, '-p', `${port}`, ...flags],
    folder,
    as,
    'database system is ready to accept read-only connections',
  )
  return {
    url: Object.assign(new URL(primary), { port }).href,
    async promote() {
      await run('pg_ctl', 'promote', '-w', '-D', data)
    },
    async stop() {
      await running.shutDown()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

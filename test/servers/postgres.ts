/** A PostgreSQL server of a test's own: in a temporary folder, on a private port. */

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chown, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A server while it runs. */
export interface Postgres {
  /** For any client, as the superuser; the same after a restart. */
  readonly url: string
  /** The postmaster's process id; another one after a restart. */
  readonly pid: number
  /** Ends it as a power cut would: `kill -9` for the postmaster and every backend. */
  kill(): Promise<void>
  /** Shuts it down (clients are disconnected) and removes its folder. */
  stop(): Promise<void>
  /** Starts it again on the same data and port, shut down before if it runs. */
  restart(): Promise<void>
}

/** How a test wants its server. */
export interface PostgresOptions {
  /** Whether commits are flushed to the disk, as kill tests of the machine's kind need. */
  durability?: 'flushed' | 'memory'
  /** More settings, as in `postgresql.conf`. */
  settings?: Readonly<Record<string, string>>
}

/** Makes a database cluster and starts it. It ends with this process, however that ends. */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const as = await unprivileged()
  const bin = await binaries()
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-postgres-'))
  const data = join(folder, 'data')
  const password = randomBytes(12).toString('hex')
  const port = await freePort()
  await writeFile(join(folder, 'password'), password)
  if (as.uid !== undefined && as.gid !== undefined) {
    await chown(folder, as.uid, as.gid)
    await chown(join(folder, 'password'), as.uid, as.gid)
  }
  await promisify(execFile)(
    join(bin, 'initdb'),
    [...INITDB, '-D', data, `--pwfile=${join(folder, 'password')}`],
    { ...as, cwd: folder },
  )
  const flags = { ...SETTINGS, ...FLUSHED[options.durability ?? 'memory'], ...options.settings }
  const args = Object.entries(flags).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const start = () =>
    launch(join(bin, 'postgres'), ['-D', data, '-p', `${port}`, ...args], folder, as)
  let running = await start()
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    get pid() {
      return running.pid
    },
    kill: () => running.kill(),
    async stop() {
      await running.shutDown()
      await rm(folder, { recursive: true, force: true })
    },
    async restart() {
      await running.shutDown()
      running = await start()
    },
  }
}

// oxfmt-ignore
const INITDB = [
  '-U', 'postgres', '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions',
]

/** What every server of the tests is started with. */
export const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '400',
  shared_buffers: '32MB',
}

const FLUSHED = {
  flushed: {},
  memory: { fsync: 'off', full_page_writes: 'off' },
}

/** Whom a server runs as; empty: as us. */
export interface Account {
  uid?: number
  gid?: number
}

/** A server's process. */
export interface Running {
  readonly pid: number
  kill(): Promise<void>
  shutDown(): Promise<void>
}

// PostgreSQL refuses to run as root, and a server started through `su` or `pg_ctl` would be another
// process's child: once killed it stays a zombie where process 1 does not reap, and the next start
// finds its lock file held. So it is our own child, in its own group, under another user.
export async function launch(
  program: string,
  args: readonly string[],
  folder: string,
  as: Account,
  ready = 'database system is ready to accept connections',
): Promise<Running> {
  const child = spawn(program, args, {
    ...as,
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const over = once(child, 'exit')
  await accepting(child, ready)
  const pid = child.pid as number
  const guard = watch(pid, folder)
  child.unref()
  ;(child.stderr as Socket).unref()

  const end = async (signal: () => Promise<void> | void) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    guard.kill('SIGKILL')
    child.ref()
    await signal()
    await over
  }
  return {
    pid,
    // A backend is in a session of its own, so the group holds the postmaster alone.
    kill: () =>
      end(async () => {
        // Stopped first: it must not start another one between the two.
        process.kill(-pid, 'SIGSTOP')
        const backends = await children(pid)
        process.kill(-pid, 'SIGKILL')
        for (const backend of backends) kill(backend)
        // The next server does not start while one of them holds the shared memory.
        await Promise.all(backends.map(gone))
      }),
    shutDown: () => end(() => void child.kill('SIGINT')),
  }
}

async function accepting(child: ChildProcess, ready: string): Promise<void> {
  const stderr = child.stderr as Socket
  stderr.setEncoding('utf8')
  let log = ''
  await new Promise<void>((resolve, reject) => {
    const failed = () => reject(new Error(`${child.spawnfile} did not start: ${log}`))
    child.once('error', reject)
    child.once('exit', failed)
    stderr.on('data', function listen(text: string) {
      log += text
      if (!log.includes(ready)) return
      child.off('exit', failed)
      stderr.off('data', listen)
      // Read on, so that the pipe never fills up.
      stderr.resume()
      resolve()
    })
  })
}

/** A shell that waits on a pipe from this process: it ends the server when we end, killed or not. */
function watch(pid: number, folder: string): ChildProcess {
  const script = 'read _; kill -9 "-$1"; rm -rf "$2"'
  const guard = spawn('sh', ['-c', script, 'sh', `${pid}`, folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.unref()
  ;(guard.stdin as Socket).unref()
  return guard
}

async function children(pid: number): Promise<number[]> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return list.split(' ').filter(Boolean).map(Number)
}

/** Waits until a process is no more, or is only waited for. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
    if (stat === '' || /\) [ZX] /.test(stat)) return
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It had ended by itself: the postmaster's death tells it to.
  }
}

/** Where the programs of the newest PostgreSQL are. */
export async function binaries(): Promise<string> {
  const debian = '/usr/lib/postgresql'
  const versions = await readdir(debian).catch(() => [])
  const newest = versions.sort((a, b) => Number(b) - Number(a)).map((v) => join(debian, v, 'bin'))
  for (const folder of [...newest, ...(process.env['PATH'] ?? '').split(':'), '/usr/local/bin']) {
    const files = await readdir(folder).catch((): string[] => [])
    if (files.includes('initdb') && files.includes('postgres')) return folder
  }
  throw new Error('PostgreSQL is not installed: set DATABASE_URL, or `apt-get install postgresql`.')
}

/** The user that a server runs as: neither PostgreSQL nor PgBouncer runs as root. */
export async function unprivileged(): Promise<Account> {
  if (process.getuid?.() !== 0) return {}
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  const user = ['postgres', 'nobody'].flatMap((name) => users.filter(([is]) => is === name))[0]
  return user ? { uid: Number(user[2]), gid: Number(user[3]) } : {}
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

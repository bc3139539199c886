/** A Redis server of a test's own: in a temporary folder, on a private port. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A server while it runs. */
export interface Redis {
  /** For any client; the same after a restart. */
  readonly url: string
  readonly port: number
  /** Another one after a restart. */
  readonly pid: number
  /** Ends it as a power cut would. */
  kill(): Promise<void>
  /** Shuts it down and removes its folder. */
  stop(): Promise<void>
  /** Starts it again on the same folder and port, ended before if it runs. */
  restart(): Promise<void>
}

/** How a test wants its server. */
export interface RedisOptions {
  port?: number
  /** `always`: what was answered is on the disk. `no`: nothing is kept. */
  appendonly?: 'always' | 'everysec' | 'no'
  /** More settings, as on the command line: `['--maxmemory', '2mb']`. */
  settings?: readonly string[]
}

/** Starts a server. It ends with this process, however that ends. */
export async function startRedis(options: RedisOptions = {}): Promise<Redis> {
  const { appendonly = 'no', settings = [] } = options
  const port = options.port ?? (await freePort())
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-redis-'))
  const durable =
    appendonly === 'no'
      ? ['--appendonly', 'no']
      : ['--appendonly', 'yes', '--appendfsync', appendonly]
  // oxfmt-ignore
  const args = [
    '--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--daemonize', 'no',
    ...durable, ...settings,
  ]
  const start = () => launch(args, folder)
  let running = await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return running.pid
    },
    kill: () => running.end('SIGKILL'),
    async stop() {
      await running.end('SIGTERM')
      await rm(folder, { recursive: true, force: true })
    },
    async restart() {
      await running.end('SIGTERM')
      running = await start()
    },
  }
}

/** A port nobody listens on. Above 10 000 none is given that a Cluster's bus would overflow with. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    if (port < 55_000) return port
  }
}

/** One `redis-server` process. */
export interface Running {
  readonly pid: number
  end(signal: NodeJS.Signals): Promise<void>
}

/** Runs `redis-server`, until it says that it takes connections. */
export async function launch(args: readonly string[], folder: string): Promise<Running> {
  const child = spawn('redis-server', args, {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const over = new Promise((resolve) => child.once('exit', resolve))
  // Before anything is awaited: we may be killed while the server starts.
  const guard = child.pid === undefined ? undefined : watch(child.pid, folder)
  try {
    await accepting(child)
  } catch (error) {
    guard?.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  const pid = child.pid as number
  child.unref()
  ;(child.stdout as Socket).unref()
  return {
    pid,
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return
      guard?.kill('SIGKILL')
      child.ref()
      child.kill(signal)
      await over
    },
  }
}

/** The line that tells it: of a server, and of a Sentinel, which has no other. */
const READY = /Ready to accept connections|Sentinel ID is/

async function accepting(child: ChildProcess): Promise<void> {
  const stdout = child.stdout as Socket
  const stderr = child.stderr as Socket
  let log = ''
  await new Promise<void>((resolve, reject) => {
    const failed = () => {
      reject(new Error(`redis-server did not start (Debian: apt-get install redis-server): ${log}`))
    }
    child.once('error', failed)
    child.once('exit', failed)
    stdout.setEncoding('utf8').on('data', function listen(text: string) {
      log += text
      if (!READY.test(log)) return
      child.off('exit', failed)
      stdout.off('data', listen)
      // Read on, so that the pipe never fills up.
      stdout.resume()
      resolve()
    })
    stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
    stderr.unref()
  })
}

/** A shell that waits on a pipe from this process: it ends the server when we end, killed or not. */
function watch(pid: number, folder: string): ChildProcess {
  const script = 'read _; kill -9 "$1"; rm -rf "$2"'
  const guard = spawn('sh', ['-c', script, 'sh', `${pid}`, folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.unref()
  ;(guard.stdin as Socket).unref()
  return guard
}

/** Serves a module that exports a Fetch handler by the runtime's own command, as a reader would. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A server while it runs. */
export interface Served {
  readonly url: string
  stop(): Promise<void>
}

// On Deno with no more rights than the guide names.
const DENO = ['serve', '--no-prompt', '--no-lock', '--cached-only', '--port=0', '--host=127.0.0.1']
const ARGS: Record<string, readonly string[]> = {
  Bun: [],
  Deno: [...DENO, '--allow-env=SESSION_SECRET,NODE_ENV'],
}

/** Starts `bun FILE` or `deno serve FILE`, on a free port. */
export async function serveBy(
  name: 'Bun' | 'Deno',
  program: string,
  folder: string,
  file: string,
  secret: string,
): Promise<Served> {
  const server = spawn(program, [...ARGS[name]!, file], {
    cwd: folder,
    env: { PORT: '0', SESSION_SECRET: secret, DENO_DIR: join(folder, '.deno'), NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const url = await new Promise<string>((resolve, reject) => {
    let told = ''
    const listen = (chunk: unknown) => {
      told += String(chunk)
      const found = /http:\/\/[\w.]+:\d+/.exec(told)?.[0]
      if (found) resolve(found)
    }
    server.stdout.on('data', listen)
    server.stderr.on('data', listen)
    server.once('exit', () => reject(new Error(`${name} did not serve ${file}: ${told}`)))
  })
  return {
    url,
    async stop() {
      server.kill('SIGKILL')
      await once(server, 'exit')
    },
  }
}

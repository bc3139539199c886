/** Real shared caches before an app: nginx (`proxy_cache`) and Varnish, each on a private port. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { freePort } from './redis.ts'

/** A cache while it runs. */
export interface HttpCache {
  /** Ask here, instead of the app. Answers say in `X-Cache` whether they come from the cache: `HIT`. */
  readonly origin: string
  stop(): Promise<void>
}

/** Starts a cache before the app on a port of this machine. */
export type StartCache = (appPort: number) => Promise<HttpCache>

/** nginx, told to cache whatever may be cached for a minute, as its guides show. */
export const startNginx: StartCache = (appPort) =>
  start((port, folder) => ({
    program: 'nginx',
    args: ['-p', folder, '-c', join(folder, 'conf'), '-e', 'stderr'],
    isReady: /using the "\w+" event method/,
    conf: `
      daemon off;
      master_process off;
      error_log stderr notice;
      pid ${folder}/pid;
      events {}
      http {
        access_log off;
        client_body_temp_path ${folder}/body;
        proxy_temp_path ${folder}/proxy;
        fastcgi_temp_path ${folder}/fastcgi;
        uwsgi_temp_path ${folder}/uwsgi;
        scgi_temp_path ${folder}/scgi;
        proxy_cache_path ${folder}/cache keys_zone=pages:1m;
        server {
          listen 127.0.0.1:${port};
          location / {
            proxy_pass http://127.0.0.1:${appPort};
            proxy_cache pages;
            proxy_cache_valid any 1m;
            add_header X-Cache $upstream_cache_status always;
          }
        }
      }`,
  }))

/**
 * Varnish, whose own rules let no request with a cookie reach the cache: this configuration does, as
 * those of apps do that set some cookie on every page. Its rules for responses stay.
 */
export const startVarnish: StartCache = (appPort) =>
  start((port, folder) => ({
    program: 'varnishd',
    // oxfmt-ignore
    args: [
      '-F', '-j', 'none', '-n', join(folder, 'work'), '-s', 'malloc,16m', '-T', 'none',
      '-a', `127.0.0.1:${port}`, '-f', join(folder, 'conf'),
    ],
    isReady: /Child launched OK/,
    conf: `
      vcl 4.1;
      backend default { .host = "127.0.0.1"; .port = "${appPort}"; }
      sub vcl_recv {
        if (req.method == "GET" || req.method == "HEAD") { return (hash); }
        return (pass);
      }
      sub vcl_deliver {
        if (obj.hits > 0) { set resp.http.X-Cache = "HIT"; } else { set resp.http.X-Cache = "MISS"; }
      }`,
  }))

interface Plan {
  program: string
  args: readonly string[]
  conf: string
  /** The line that tells that it takes connections. */
  isReady: RegExp
}

async function start(plan: (port: number, folder: string) => Plan): Promise<HttpCache> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-cache-'))
  const { program, args, conf, isReady } = plan(port, folder)
  await writeFile(join(folder, 'conf'), conf)
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    await ready(child, program, isReady)
    // Varnish says it before its child listens.
    while (!(await connects(port)) && child.exitCode === null) await setImmediate()
  } catch (error) {
    child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  return {
    origin: `http://127.0.0.1:${port}`,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const over = once(child, 'exit')
        child.kill('SIGTERM')
        await over
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function connects(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  }).finally(() => socket.destroy()) as Promise<boolean>
}

async function ready(child: ChildProcess, program: string, line: RegExp): Promise<void> {
  let log = ''
  await new Promise<void>((resolve, reject) => {
    const failed = (error?: unknown) => {
      const name = program === 'varnishd' ? 'varnish' : program
      reject(
        new Error(`${program} did not start (Debian: apt-get install ${name}): ${log}`, {
          cause: error,
        }),
      )
    }
    child.once('error', failed)
    child.once('exit', () => failed())
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        log += text
        if (line.test(log)) resolve()
      })
    }
  })
}

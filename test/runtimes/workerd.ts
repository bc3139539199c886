/** Serves a Worker in workerd, bundled as a Worker is, and runs the scenarios in it. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Readable } from 'node:stream'
import { build } from 'esbuild'
import type { Served } from './served.ts'

/** The configuration of one Worker; `SELF` is its own service. */
const configOf = (
  module: string,
  secret: string,
) => `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);

const worker :Workerd.Worker = (
  modules = [(name = "worker.mjs", esModule = embed "${module}")],
  compatibilityDate = "2026-08-01",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [
    (name = "SELF", service = "main"),
    (name = "NODE_ENV", text = "test"),
    (name = "SESSION_SECRET", text = "${secret}")
  ]
);
`

/** What packages in CommonJS ask for at run time. */
const REQUIRE = `import { createRequire as requireFrom } from 'node:module'
const require = requireFrom('/')`

/** Bundles a Worker of the folder and serves it. */
export async function serveWorker(
  program: string,
  folder: string,
  entry: string,
  secret = '',
): Promise<Served> {
  const module = `${basename(entry)}.worker.mjs`
  await build({
    entryPoints: [join(folder, entry)],
    outfile: join(folder, module),
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['cloudflare:node'],
    banner: { js: REQUIRE },
    logLevel: 'error',
  })
  const config = `${module}.capnp`
  writeFileSync(join(folder, config), configOf(module, secret))
  const server = spawn(program, ['serve', config, '--control-fd=3'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const port = await portOf(server.stdio[3] as Readable)
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.kill('SIGKILL')
      await once(server, 'exit')
    },
  }
}

/** Asks the Worker of the scenarios once to run everything. */
export async function outcomesInWorkerd<Outcomes>(
  program: string,
  folder: string,
): Promise<Outcomes> {
  const { url, stop } = await serveWorker(program, folder, 'suite/worker.mjs')
  try {
    return (await (await fetch(`${url}/run`)).json()) as Outcomes
  } finally {
    await stop()
  }
}

/** The port that workerd has chosen, which it writes as a line of JSON. */
async function portOf(control: Readable): Promise<number> {
  let told = ''
  for await (const chunk of control) {
    told += String(chunk)
    const port = /"port":(\d+)/.exec(told)?.[1]
    if (port) return Number(port)
  }
  throw new Error('workerd did not start')
}

/** Runs the scenarios in workerd, bundled as a Worker is. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { build } from 'esbuild'

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);

const worker :Workerd.Worker = (
  modules = [(name = "worker.mjs", esModule = embed "worker.mjs")],
  compatibilityDate = "2026-08-01",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [(name = "SELF", service = "main"), (name = "NODE_ENV", text = "test")]
);
`

/** What packages in CommonJS ask for at run time. */
const REQUIRE = `import { createRequire as requireFrom } from 'node:module'
const require = requireFrom('/')`

/** Bundles the Worker, serves it, and asks it once to run everything. */
export async function outcomesInWorkerd<Outcomes>(
  program: string,
  folder: string,
): Promise<Outcomes> {
  await build({
    entryPoints: [join(folder, 'suite/worker.mjs')],
    outfile: join(folder, 'worker.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['cloudflare:node'],
    banner: { js: REQUIRE },
    logLevel: 'error',
  })
  writeFileSync(join(folder, 'config.capnp'), CONFIG)
  const args = ['serve', 'config.capnp', '--control-fd=3']
  const server = spawn(program, args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  })
  try {
    const port = await portOf(server.stdio[3] as Readable)
    return (await (await fetch(`http://127.0.0.1:${port}/run`)).json()) as Outcomes
  } finally {
    server.kill('SIGKILL')
    await once(server, 'exit')
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

/** Launcher for Node, Bun and Deno: writes the outcomes as JSON. */

import { processHost } from './process-host.mjs'
import { runAll } from './run.mjs'

const host = processHost()
const outcomes = await runAll(host)
await host.close()
process.stdout.write(JSON.stringify(outcomes), () => process.exit(0))

/** Launcher for Node, Bun and Deno: writes the outcomes as JSON, of all suites or those it is given. */

import { processHost } from './process-host.mjs'
import { runAll } from './run.mjs'

const suites = process.argv.slice(2)
const host = processHost()
const outcomes = await runAll(host, suites.length > 0 ? suites : undefined)
await host.close()
process.stdout.write(JSON.stringify({ ...rights(), ...outcomes }), () => process.exit(0))

/** What Node's permission model grants, where it is on. */
function rights() {
  const { permission } = process
  if (!permission?.has) return {}
  const told = ['fs.write', 'child', 'worker'].map((right) => [
    right,
    permission.has(right) ? 'granted' : 'denied',
  ])
  return { rights: Object.fromEntries(told) }
}

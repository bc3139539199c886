/** Launcher: the conformance suite of stores, and the cases of `own.mjs`, on the clients it is given. */

import { fakeClock, storeConformance } from 'sojourn/testing'
import { CLIENTS } from './clients.mjs'
import { OWN } from './own.mjs'

const outcomes = {}
for (const client of process.argv.slice(2)) {
  const harness = await CLIENTS[client]()
  const own = Object.entries(OWN[harness.engine]).map(([name, check]) => ({
    name,
    async run() {
      const opened = await harness.open(fakeClock())
      try {
        await check({ ...harness, ...opened })
      } finally {
        await opened.close?.()
      }
    },
  }))
  outcomes[client] = {}
  for (const { name, run } of [...storeConformance(harness), ...own]) {
    outcomes[client][name] = await run().then(
      () => 'passed',
      (error) => String(error?.stack ?? error),
    )
  }
  await harness.close()
}
process.stdout.write(JSON.stringify(outcomes), () => process.exit(0))

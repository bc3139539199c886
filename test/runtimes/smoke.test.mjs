/** What is built, on whatever Node runs this: no tool, no TypeScript, only `dist` and node:test. */

import { after, describe, test } from 'node:test'
import { processHost } from './suite/process-host.mjs'
import { SUITES } from './suite/scenarios.mjs'

const host = processHost()
after(() => host.close())

for (const [suite, scenarios] of Object.entries(SUITES)) {
  describe(suite, () => {
    for (const [name, run] of Object.entries(scenarios)) test(name, () => run(host))
  })
}

/** Launcher: the conformance suite of stores, and 40 concurrent requests, on every client of a runtime. */

import assert from 'node:assert/strict'
import { createSessions } from 'sojourn'
import { withSessions } from 'sojourn/fetch'
import { fakeClock, storeConformance } from 'sojourn/testing'
import { processHost } from '../suite/process-host.mjs'
import { count, fortyAtOnce, secret } from '../suite/site.mjs'
import { CLIENTS } from './clients.mjs'

/** What a client has to show besides the conformance suite. */
const OWN = {
  async '40 concurrent requests of one session are all answered, and count exactly'({ store }) {
    const host = processHost()
    const sessions = createSessions({ secret, store })
    const counting = async (request) => new Response(await count(sessions.get(request)))
    try {
      await fortyAtOnce(await host.serve(withSessions(sessions, counting)), sessions)
    } finally {
      await host.close()
    }
  },
  async 'the settings of the server can be checked'({ store }) {
    const findings = await store.check()
    assert.ok(findings.every((sentence) => typeof sentence === 'string'))
  },
}

const outcomes = {}
for (const [client, connect] of Object.entries(CLIENTS)) {
  const harness = await connect()
  const own = Object.entries(OWN).map(([name, check]) => ({
    name,
    async run() {
      const opened = await harness.open(fakeClock())
      try {
        await check(opened)
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

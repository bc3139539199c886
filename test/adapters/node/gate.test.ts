/** The gate, by difference: with it and without it, an app and its client see the same. */

import type { ServerResponse } from 'node:http'
import { describe, expect, it, vi } from 'vitest'
import { holdHeaders } from '../../../src/adapters/node/gate.ts'
import type { Maybe } from '../../../src/base/ports.ts'
import type { Outgoing } from '../../../src/http/headers.ts'
import { type Observation, observe } from './gate-observe.ts'
import { SCENARIOS } from './gate-scenarios.ts'

// A thousand exchanges share the processor: slow is not wrong.
vi.setConfig({ testTimeout: 30_000 })

const OURS = 'session=kept; Path=/; HttpOnly'
const OUTGOING: Outgoing = { vary: true, setCookie: OURS }

const COMMITS: Record<string, () => Maybe<Outgoing | undefined>> = {
  'at once, by nobody asked for': () => undefined,
  'at once': () => OUTGOING,
  'after 0 ms, by nobody asked for': () => Promise.resolve(undefined),
  'after 0 ms': () => Promise.resolve(OUTGOING),
  'after 30 ms': () => new Promise((resolve) => setTimeout(resolve, 30, OUTGOING)),
}

describe.concurrent.each(Object.entries(SCENARIOS))('%s', (_name, scenario) => {
  describe.each(scenario.protocols ?? (['http1', 'http2'] as const))('%s', (protocol) => {
    it.each(Object.entries(COMMITS))('is the same with a commit %s', async (name, commit) => {
      const bare = await observe(scenario, protocol)
      const gated = await observe(scenario, protocol, (res: ServerResponse) =>
        holdHeaders(res, commit),
      )
      if (bare.status !== undefined) {
        const cookies = gated.headers.find(([header]) => /^set-cookie$/i.test(header))?.slice(1)
        const ours = cookies?.filter((line) => line.startsWith('session='))
        expect(ours ?? []).toEqual(/nobody/.test(name) ? [] : [OURS])
      }
      expect(withoutOurs(gated)).toEqual(withoutOurs(bare))
    })
  })
})

/** An observation without what a session adds, and headers in one order: ours may come between. */
function withoutOurs(observation: Observation): Observation {
  const headers = observation.headers
    .map(([name, ...values]): [string, ...string[]] => {
      const rest = values
        .filter((value) => value !== OURS)
        .map((value) => (/^vary$/i.test(name) ? value.replace(/(, )?Cookie$|Cookie, /, '') : value))
        .map((value) =>
          /^cache-control$/i.test(name) ? value.replace(/^private(, )?/, '') : value,
        )
        .filter((value) => value !== '')
      return [name.toLowerCase(), ...rest]
    })
    .filter(([, ...values]) => values.length > 0)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return { ...observation, headers }
}

/** The gate, by difference: with it and without it, an app and its client see the same. */

import { describe, expect, it, vi } from 'vitest'
import { holdHeaders } from '../../../src/adapters/node/gate.ts'
import { COMMITS, compare } from './gate-compare.ts'
import { SCENARIOS } from './gate-scenarios.ts'

// A thousand exchanges share the processor: slow is not wrong.
vi.setConfig({ testTimeout: 30_000 })

describe.concurrent.each(Object.entries(SCENARIOS))('%s', (_name, scenario) => {
  describe.each(scenario.protocols ?? (['http1', 'http2'] as const))('%s', (protocol) => {
    it.each(Object.keys(COMMITS))('is the same with a commit %s', async (commit) => {
      const seen = await compare(scenario, protocol, commit, holdHeaders)
      if (seen.cookies) expect(seen.cookies).toEqual(seen.expectedCookies)
      expect(seen.gated).toEqual(seen.bare)
    })
  })
})

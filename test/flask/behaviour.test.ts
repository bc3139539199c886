/** A session behaves as Flask's, step by step, over each of five adapters. */

import { describe, it } from 'vitest'
import { checkScenario } from './behaviour.ts'
import { scenarios } from './fixtures.ts'
import { SERVED } from './served.ts'

describe.each(Object.entries(SERVED))('a session behaves as in Flask, through %s', (_, serve) => {
  for (const scenario of scenarios) it(scenario.name, () => checkScenario(scenario, serve))
})

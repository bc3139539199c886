/** The memory store: the contract, its bounds, its sweep and its warning. */

import { test } from 'vitest'
import { memoryStore } from '../../src/stores/memory.ts'
import { storeConformance } from '../../src/testing/testing.ts'

const cases = storeConformance({
  open: (clock) => ({ store: memoryStore({ clock }) }),
  advance: (ms, clock) => clock.advance(ms),
})
for (const { name, run } of cases) test(name, run)

/** The PostgreSQL store through the pool of pg: the conformance suite, and what is its own. */

import { test } from 'vitest'
import { storeConformance } from '../../../src/testing/testing.ts'
import { connectPool, harness, sqlOf } from './tables.ts'

const pool = connectPool()

for (const { name, run } of storeConformance(harness(pool, sqlOf(pool), 'conformance_pg')))
  test(name, run)

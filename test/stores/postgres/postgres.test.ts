/** The PostgreSQL store through the pool of pg: the conformance suite, and what is its own. */

import { test } from 'vitest'
import { storeConformance } from '../../../src/testing/testing.ts'
import { connectPool, harness, sqlOf } from './tables.ts'

const pool = connectPool()

const listening = () => pool.connect()
const onPool = harness(pool, sqlOf(pool), 'conformance_pg', false, listening)

for (const { name, run } of storeConformance(onPool)) test(name, run)

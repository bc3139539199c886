/** The same for each number of bytes that a save and its answer have. */

import { expect, test } from 'vitest'
import type { ClientName } from './clients.ts'
import { saveCutAfter } from './cut.ts'
import { report, strayErrors } from './visitors.ts'

/** Each n-th byte only, for a short run. */
const EACH = Number(process.env['CHAOS_EACH'] ?? 1)

const CLIENTS: readonly ClientName[] = ['node-redis', 'ioredis', 'pg', 'postgres']

/** Longer than a save; what is longer than an answer is cut in the connection's next ones. */
const LONGEST = { requests: 1200, replies: 200 } as const

test.each(CLIENTS)('through %s, wherever the connection of a save is cut', async (client) => {
  const stray = strayErrors()
  for (const way of ['requests', 'replies'] as const) {
    const lengths = Array.from({ length: Math.ceil(LONGEST[way] / EACH) }, (_, n) => 1 + n * EACH)
    const { cuts, kept, refused } = await saveCutAfter(client, way, lengths)
    report(`${client}, ${cuts} ${way} cut: ${kept} saves kept, ${refused} refused`)
    expect(cuts).toBeGreaterThan(0)
  }
  expect(stray).toEqual([])
})

/** A connection that is cut in the middle of a save: nothing is done twice, nothing acknowledged is lost. */

import { expect, test } from 'vitest'
import type { ClientName } from './clients.ts'
import { saveCutAfter } from './cut.ts'
import { report, strayErrors } from './visitors.ts'

const CLIENTS: readonly ClientName[] = ['node-redis', 'ioredis', 'pg', 'postgres']

/** In the first bytes, inside the command or its values, and where there is nothing to cut any more. */
const LENGTHS = { requests: [1, 20, 120, 300, 5000], replies: [1, 2, 3, 10, 40] } as const

test.each(CLIENTS)(
  'through %s a save whose connection is cut counts once or not at all',
  async (client) => {
    const stray = strayErrors()
    for (const way of ['requests', 'replies'] as const) {
      const { cuts, kept, refused } = await saveCutAfter(client, way, LENGTHS[way])
      report(`${client}, ${cuts} ${way} cut: ${kept} saves kept, ${refused} refused`)
      expect(cuts).toBeGreaterThanOrEqual(3)
    }
    expect(stray).toEqual([])
  },
)

/** The AdonisJS example with the packed library. Needs the network, and Node 24 for AdonisJS 7. */

import { expect, test } from 'vitest'
import { drive } from './drive.ts'
import { startPacked } from './packed.ts'

test('examples/adonis serves the pages of every framework, and its types are right', async () => {
  const example = await startPacked('adonis', {
    // AdonisJS 7 needs Node 24; that of the machine may be older.
    start: [process.execPath, 'bin/server.ts'],
    env: { APP_KEY: 'lantern-hill-4711-maple-river-0815', HOST: '0.0.0.0' },
  })
  try {
    await drive(example.origin)
    const response = await fetch(`${example.origin}/cart`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'cross-site' },
    })
    expect([response.status, response.headers.get('cache-control')]).toEqual([403, 'no-store'])
    expect(await response.text()).toMatch(/^This did not come from a page of this site/)
  } finally {
    await example.stop()
  }
})

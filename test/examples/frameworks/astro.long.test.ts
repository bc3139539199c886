import { expect, test } from 'vitest'
import { drive } from './drive.ts'
import { startPacked } from './packed.ts'

test('examples/astro is built, and serves the pages of every framework', async () => {
  const example = await startPacked('astro', { env: { ASTRO_TELEMETRY_DISABLED: '1' } })
  try {
    await drive(example.origin)
    expect((await fetch(example.origin)).headers.getSetCookie()).toHaveLength(1)
    // The same page to Astro, and another address.
    const guarded = await fetch(`${example.origin}/account/`, { redirect: 'manual' })
    expect(guarded.status).toBe(303)
  } finally {
    await example.stop()
  }
})

import { expect, test } from 'vitest'
import { drive } from './drive.ts'
import { startPacked } from './packed.ts'

test('examples/nitro serves the pages of every framework', async () => {
  const example = await startPacked('nitro')
  try {
    await drive(example.origin)
    // Nitro's own error page, with what was written before the error.
    const missing = await fetch(`${example.origin}/no-such-page`)
    expect(await missing.json()).toMatchObject({ status: 404 })
  } finally {
    await example.stop()
  }
})

import { expect, test } from 'vitest'
import { drive } from './drive.ts'
import { startPacked } from './packed.ts'

test('examples/elysia serves the pages of every framework, on Bun', async () => {
  const example = await startPacked('elysia')
  try {
    await drive(example.origin)
    expect((await fetch(example.origin)).headers.getSetCookie()).toHaveLength(1)
  } finally {
    await example.stop()
  }
})

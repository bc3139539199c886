import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { drive } from './drive.ts'
import { startPacked } from './packed.ts'

test('examples/express.ts runs as its reader runs it: with the packed library, and no test around it', async () => {
  const example = await startPacked('express.ts')
  try {
    await drive(example.origin)
  } finally {
    await example.stop()
  }
  await expect(fetch(example.origin)).rejects.toThrow('fetch failed')
  expect(existsSync(example.folder)).toBe(false)
})

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/** One tier of the compiler and no threads, so that each run allocates and collects the same. */
const FLAGS =
  '--expose-gc --no-opt --no-maglev --no-sparkplug --single-threaded --min-semi-space-size=16 --max-semi-space-size=16 --trace-gc-nvp'

/** The bytes that each collection of young objects moves to the old ones: `promoted=` in the trace. */
const PROMOTED = / gc=s .* promoted=(\d+)/g

test('a commit leaves next to nothing for a collection of the whole heap', async () => {
  const program = fileURLToPath(new URL('commit-together.ts', import.meta.url))
  const args = [...FLAGS.split(' '), program]
  const env = { ...process.env, NODE_ENV: 'production' }
  const { stdout } = await promisify(execFile)(process.execPath, args, { env })
  const [, counted = ''] = stdout.split('begin\n')
  const promoted = [...counted.matchAll(PROMOTED)].map(([, bytes]) => Number(bytes))
  expect(promoted.length).toBeGreaterThan(5)
  const commits = Number(/commits=(\d+)/.exec(counted)![1])
  expect(promoted.reduce((sum, bytes) => sum + bytes, 0) / commits).toBeLessThan(400)
})

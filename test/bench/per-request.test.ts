import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { Counts } from './count-per-request.ts'

/**
 * What a session may add to a request. Bytes are those of the interpreter, which makes every object
 * that the source makes: more than a server in production allocates, but the same in each run.
 *
 * They have head room of 200 bytes, or 350 with a store, which is less than five closures take; the
 * other numbers have none. When a change makes a request cheaper, lower the bounds: with the flags
 * below, `node test/bench/count-per-request.ts` prints what is measured.
 */
const BOUNDS: Record<string, Counts> = {
  // oxfmt-ignore
  'signed, never asks': { bytes: 2750, promises: 0, timers: 0, weakEntries: 0, headerCalls: 0, setCookies: 0 },
  // oxfmt-ignore
  'signed, read': { bytes: 8400, promises: 4, timers: 0, weakEntries: 0, headerCalls: 2, setCookies: 0 },
  // oxfmt-ignore
  'signed, write': { bytes: 14_700, promises: 4, timers: 0, weakEntries: 0, headerCalls: 7, setCookies: 1 },
  // oxfmt-ignore
  'stored, never asks': { bytes: 2900, promises: 0, timers: 0, weakEntries: 0, headerCalls: 0, setCookies: 0 },
  // oxfmt-ignore
  'stored, read': { bytes: 16_500, promises: 11, timers: 1, weakEntries: 0, headerCalls: 2, setCookies: 0 },
  // oxfmt-ignore
  'stored, write': { bytes: 39_200, promises: 26, timers: 3, weakEntries: 0, headerCalls: 2, setCookies: 0 },
}

// One tier of the compiler, no threads, and a new space that no batch of requests fills.
const FLAGS =
  '--no-opt --no-maglev --no-sparkplug --single-threaded --expose-gc --min-semi-space-size=64 --max-semi-space-size=64'

const program = fileURLToPath(new URL('count-per-request.ts', import.meta.url))
// Development warnings cost extra.
const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS.split(' '), program], {
  env: { ...process.env, NODE_ENV: 'production' },
})
const counted = JSON.parse(stdout) as Record<string, Counts>

test.each(Object.keys(BOUNDS))('a request costs no more than it did: %s', (name) => {
  for (const [what, bound] of Object.entries(BOUNDS[name]!)) {
    expect(counted[name]![what as keyof Counts], what).toBeLessThanOrEqual(bound)
  }
})

test('every case that is counted has its bounds', () => {
  expect(Object.keys(counted)).toEqual(Object.keys(BOUNDS))
})

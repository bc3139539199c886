/** A hundred thousand random schedules, on all cores. */

import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const COUNT = 100_000

const worker = fileURLToPath(new URL('worker.ts', import.meta.url))

test(`${COUNT} schedules break no promise`, async () => {
  const parts = availableParallelism()
  const size = Math.ceil(COUNT / parts)
  // Not the seeds of the quick run.
  const stories = await Promise.all(
    Array.from({ length: parts }, (_, part) => toldBy(1_000_000 + part * size, size)),
  )
  expect(stories).toEqual(stories.map(() => ''))
}, 1_200_000)

/** What a worker prints: nothing where all went well. */
function toldBy(from: number, count: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [worker, String(from), String(count)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let story = ''
    child.stdout.on('data', (chunk: Buffer) => {
      story += chunk.toString()
    })
    child.on('error', reject)
    child.on('close', (code) => resolve(code === 0 ? story : `${story}\nexit code ${code}`))
  })
}

/** The queue of one session: one request after the other, and none for ever. */

import { expect, test } from 'vitest'
import { sessionQueues } from '../../../src/backends/foreign/foreign-calls.ts'

/** A timer that is run by hand. */
function handTimer() {
  const due = new Set<() => void>()
  const timer = (run: () => void) => {
    due.add(run)
    return () => void due.delete(run)
  }
  const run = () => {
    for (const one of due) one()
    due.clear()
  }
  return { timer, run, due }
}

test('with a store that hangs a request does not wait for all before it', async () => {
  const { timer, run, due } = handTimer()
  const inTurn = sessionQueues({ deadline: 100, timer })
  const order: string[] = []
  let finish = () => {}
  const first = inTurn('id', () => new Promise<void>((resolve) => void (finish = resolve)))
  const late = inTurn('id', async () => void order.push('late'))
  run()
  await expect(late).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
  // Behind one that gave up: it waits for the first all the same.
  const last = inTurn('id', async () => void order.push('last'))
  await Promise.resolve()
  expect(order).toEqual([])
  finish()
  await first
  await last
  expect(order).toEqual(['last'])
  expect(due.size).toBe(0)
  // Other sessions do not wait.
  await inTurn('__proto__', async () => void order.push('other'))
  expect(order).toEqual(['last', 'other'])
})

test('work that fails does not keep the next from its turn', async () => {
  const { timer } = handTimer()
  const inTurn = sessionQueues({ deadline: 100, timer })
  const failing = inTurn('id', () => Promise.reject(new Error('no')))
  const next = inTurn('id', async () => 'done')
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('done')
})

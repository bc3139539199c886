import { clearTimeout, setTimeout } from 'node:timers'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  andThen,
  systemClock,
  systemRandom,
  systemTimer,
  type Timer,
} from '../../src/base/ports.ts'

test('the system clock tells milliseconds since 1970', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_234_567_890_123 })
  onTestFinished(() => void vi.useRealTimers())
  expect(systemClock()).toBe(1_234_567_890_123)
})

test('the system generator gives as many bytes as asked, and never the same ones', () => {
  expect(systemRandom(32)).toHaveLength(32)
  expect(systemRandom(32)).not.toEqual(systemRandom(32))
})

test('a value that is here goes on at once, one that will come goes on later', async () => {
  expect(andThen(1, (value) => value + 1)).toBe(2)
  const later = andThen(Promise.resolve(1), (value) => value + 1)
  expect(later).toBeInstanceOf(Promise)
  expect(await later).toBe(2)
})

describe('a deadline that passed while the process was busy', () => {
  const plain: Timer = (run, delay) => {
    const timer = setTimeout(run, delay)
    return () => clearTimeout(timer)
  }

  /** Whether a reply counts that arrives `turns` turns of the event loop after a pause. */
  async function first(timer: Timer, delay: number, turns: number): Promise<string> {
    const { port1, port2 } = new MessageChannel()
    onTestFinished(() => port1.close())
    // After this phase of the loop come the timers, and then the sockets.
    await turn()
    const ended = new Promise<string>((end) => {
      port1.on('message', () => end('reply'))
      timer(() => end('deadline'), delay)
    })
    hold(delay + 20)
    for (let left = turns; left > 0; left -= 1) await turn()
    port2.postMessage('reply')
    return ended
  }

  test('lets a reply count that has arrived meanwhile', async () => {
    expect(await first(plain, 20, 0)).toBe('deadline')
    expect(await first(systemTimer, 20, 0)).toBe('reply')
  })

  test('waits for the reply to a call that was sent only afterwards', async () => {
    expect(await first(plain, 250, 3)).toBe('deadline')
    expect(await first(systemTimer, 250, 3)).toBe('reply')
  })

  test.each([20, 250])('ends a call that has no reply, of %i ms', async (delay) => {
    await new Promise<void>((end) => void systemTimer(end, delay))
  })

  test('can be cancelled, before and while the sockets are read', async () => {
    const rung: string[] = []
    systemTimer(() => rung.push('at once'), 1)()
    const cancel = systemTimer(() => rung.push('while reading'), 1)
    const next = new Promise((resume) => setTimeout(resume, 1))
    // Both are due when the loop looks: the sockets are read after this, and not in between.
    hold(20)
    await next
    cancel()
    await new Promise<void>((end) => void systemTimer(end, 20))
    expect(rung).toEqual([])
  })
})

/** Holds up the event loop. */
function hold(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

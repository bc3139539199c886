import { describe, expect, test } from 'vitest'
import { parseJson, scanJson } from '../../src/record/text/json.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { SECRET, T0, testSessions, Visitor } from '../session/visitor.ts'

/** The shortest of several runs: what else the machine does only ever adds. */
function shortest(work: () => unknown): number {
  let best = Infinity
  for (let run = 0; run < 9; run += 1) {
    const start = performance.now()
    work()
    best = Math.min(best, performance.now() - start)
  }
  return best
}

/** How much longer eight times as much takes: eight where time is linear, 64 where it is quadratic. */
function growth(work: (size: number) => () => unknown, size: number): number {
  const [little, much] = [work(size), work(8 * size)]
  much()
  return shortest(much) / Math.max(shortest(little), 0.02)
}

test('time is linear in the keys of a session, also of keys that are numbers or alike', () => {
  const names: ((n: number) => string)[] = [
    (n) => `key${n}`,
    (n) => String(n),
    (n) => `${'x'.repeat(30)}${n}`,
    (n) =>
      String.fromCharCode(97 + (n % 26))
        .repeat(1 + Math.floor(n / 26))
        .slice(0, 40) + n,
  ]
  for (const name of names) {
    const text = (size: number) => {
      const json = JSON.stringify(
        Object.fromEntries(Array.from({ length: size }, (_, n) => [name(n), n])),
      )
      return () => [parseJson(json), scanJson(json)]
    }
    expect(growth(text, 2_000)).toBeLessThan(24)
  }
})

describe('a session of ten thousand keys', () => {
  test('is kept and found again where it fits, each key with its value', async () => {
    const { sessions } = testSessions({ store: memoryStore({ clock: () => T0 }) })
    const visitor = new Visitor(sessions)
    await visitor.visit((session) => {
      for (let n = 0; n < 10_000; n += 1) session.set(`key${n}`, n)
    })
    const session = await sessions.open(visitor.cookie)
    expect(session.size).toBe(10_000)
    for (let n = 0; n < 10_000; n += 1) expect(session.get(`key${n}`)).toBe(n)
  })

  test('is a coded error where it does not, with nothing half-sent and nothing lost', async () => {
    for (const options of [{}, { store: memoryStore({ clock: () => T0 }) }]) {
      const { sessions } = testSessions({ secret: SECRET, ...options })
      const visitor = new Visitor(sessions)
      await visitor.visit((session) => session.set('kept', 1))
      const before = visitor.cookie
      const long = () => Math.random().toString(36).padEnd(200, 'x')
      await expect(
        visitor.visit((session) => {
          for (let n = 0; n < 10_000; n += 1) session.set(`key${n}`, long())
        }),
      ).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_(COOKIE|SESSION)_TOO_LARGE$/) })
      expect(visitor.cookie).toBe(before)
      expect(await visitor.read((session) => [session.size, session.get('kept')])).toEqual([1, 1])
    }
  })
})

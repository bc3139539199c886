import { describe, expect, test } from 'vitest'
import { parseJson } from '../../src/record/text/json.ts'
import { scanMembers } from '../../src/record/text/json-scan.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { SECRET, T0, testSessions, Visitor } from '../session/visitor.ts'
import { expectGrowthBelow } from '../processor-time.ts'

test('time is linear in the keys of a session, also of keys that are numbers or alike', async () => {
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
      return () => [parseJson(json), scanMembers(json, String)]
    }
    // Eight times as many keys: linear takes 8 times as long, quadratic 64 times.
    await expectGrowthBelow(24, { little: text(2_000), much: text(16_000) })
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

import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { afterEach, describe, expect, test } from 'vitest'
import { newSelector, newVerifier } from '../../src/backends/stored/session-id.ts'
import { systemRandom } from '../../src/base/ports.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { T0, testSessions, Visitor } from '../session/visitor.ts'

const { randomBytes, randomInt } = crypto
afterEach(() => {
  Object.assign(crypto, { randomBytes, randomInt })
  syncBuiltinESMExports()
})

/** Has the system's generator fail, for everybody who imports it. */
function generatorFails(): void {
  const fail = () => {
    throw new Error('no entropy')
  }
  Object.assign(crypto, { randomBytes: fail, randomInt: fail })
  syncBuiltinESMExports()
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const ROUNDS = process.env['QUICK_TESTS'] === '1' ? 20_000 : 500_000

describe('session ids', () => {
  test('a million random parts: none comes twice, and every character is as frequent as the others', () => {
    const seen = new Set<string>()
    const counts = new Map<string, number>()
    for (let round = 0; round < ROUNDS; round += 1) {
      const parts = [newSelector(systemRandom), newVerifier(systemRandom)]
      for (const part of parts) {
        seen.add(part)
        // The last character has fewer bits to say than the others.
        for (const character of part.slice(0, -1)) {
          counts.set(character, (counts.get(character) ?? 0) + 1)
        }
      }
    }
    expect(seen.size).toBe(2 * ROUNDS)
    expect([...counts.keys()].toSorted()).toEqual([...ALPHABET].toSorted())
    const expected = [...counts.values()].reduce((sum, count) => sum + count, 0) / 64
    const chiSquare = [...counts.values()].reduce(
      (sum, count) => sum + (count - expected) ** 2 / expected,
      0,
    )
    // 63 degrees of freedom: beyond 165 once in ten billion runs of a fair generator.
    expect(chiSquare).toBeLessThan(165)
  })

  test('are new for each session: nothing of one comes again in another of the same user', async () => {
    const { sessions } = testSessions({ store: memoryStore({ clock: () => T0 }) })
    const parts: string[] = []
    for (let n = 0; n < 200; n += 1) {
      const visitor = new Visitor(sessions)
      await visitor.visit((session) => session.login('ann'))
      parts.push(...visitor.cookie!.slice('session='.length).split('.'))
    }
    expect(new Set(parts).size).toBe(600)
  })
})

describe('a generator that fails fails the request, and nothing weaker takes its place', () => {
  const works = {
    'a first write': (visitor: Visitor) => visitor.visit((session) => session.set('x', 1)),
    'a login': (visitor: Visitor) => visitor.visit((session) => session.login('ann')),
    'a new id': (visitor: Visitor) => visitor.visit((session) => session.regenerate()),
  }
  test.each(Object.keys(works) as (keyof typeof works)[])('%s, with a store', async (name) => {
    const store = memoryStore({ clock: () => T0 })
    const { sessions } = testSessions({ store })
    const visitor = new Visitor(sessions)
    if (name === 'a new id') await visitor.visit((session) => session.login('bob'))
    const before = visitor.cookie
    const rows = await keysOf(store)
    generatorFails()
    await expect(works[name](visitor)).rejects.toThrow('no entropy')
    expect(visitor.cookie).toBe(before)
    expect(await keysOf(store)).toEqual(rows)
  })

  test.each([{}, { encrypt: true }])('a first cookie without a store: %j', async (options) => {
    const { sessions } = testSessions(options)
    const visitor = new Visitor(sessions)
    generatorFails()
    await expect(works['a first write'](visitor)).rejects.toThrow('no entropy')
    expect(visitor.cookie).toBeUndefined()
  })
})

async function keysOf(store: ReturnType<typeof memoryStore>): Promise<string[]> {
  const found: string[] = []
  for await (const keys of store.keys()) found.push(...keys)
  return found
}

/** What is said of a signed cookie where the option `encrypt` is set. */

import { afterEach, beforeEach, expect, type MockInstance, test, vi } from 'vitest'
import type { SessionOptions } from '../../../src/index.ts'
import { OLD_SECRET, testSessions, Visitor } from '../visitor.ts'

let warn: MockInstance<(...parts: unknown[]) => void>
beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => vi.restoreAllMocks())

/** What the console says of a signed cookie, of this app or of another. */
async function saidOf(encrypt: SessionOptions['encrypt'], secret?: string): Promise<unknown[]> {
  const signing = new Visitor(testSessions(secret ? { secret } : {}).sessions)
  await signing.visit((session) => session.set('a', 1))
  const { sessions } = testSessions({ encrypt: encrypt! })
  await new Visitor(sessions, signing.cookie).visit()
  return warn.mock.calls.map(([line]) => line)
}

test('it is from before, or of another app, which shares cookies on this host', async () => {
  expect(await saidOf(true)).toEqual([
    expect.stringMatching(
      /is signed and not encrypted: .* set encrypt: \{ migrateUntil \}\. If another app set it: Cookies do not know ports/,
    ),
  ])
})

test('while signed ones are accepted, a rejected one has another cause', async () => {
  const encrypt = { migrateUntil: '2030-01-01' }
  expect(await saidOf(encrypt)).toEqual([])
  expect(await saidOf(encrypt, OLD_SECRET)).toEqual([
    expect.stringMatching(/signed with a secret that is not configured here/),
  ])
})

test('after that time it is from before again', async () => {
  expect(await saidOf({ migrateUntil: '2020-01-01' })).toEqual([
    expect.stringMatching(/is signed and not encrypted/),
  ])
})

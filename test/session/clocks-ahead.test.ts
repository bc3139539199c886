/** Servers that share a store, where the clock of one is ahead of the other's. */

import { expect, test } from 'vitest'
import { createSessions, type Rejection } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { SECRET, T0 } from './visitor.ts'

const TEN_MINUTES = 600_000

test('a login on a server that is over ten minutes ahead is rejected by the other one, and not deleted', async () => {
  const store = memoryStore({ clock: () => T0 })
  const rejected: Rejection[] = []
  const server = (ahead: number) =>
    createSessions({
      secret: SECRET,
      store,
      clock: () => T0 + ahead,
      onEvent: (event) => event.type === 'rejected' && rejected.push(event.reason),
    })
  const login = async (ahead: number) => {
    const session = await server(ahead).open(null)
    session.login('ada')
    return (await session.commit()).getSetCookie()[0]!.split(';')[0]!
  }
  const userOn = async (ahead: number, cookie: string) => (await server(ahead).open(cookie)).userId

  expect(await userOn(0, await login(TEN_MINUTES))).toBe('ada')
  expect(rejected).toEqual([])
  const ahead = TEN_MINUTES + 1000
  const cookie = await login(ahead)
  expect(await userOn(0, cookie)).toBeUndefined()
  expect(rejected).toEqual(['future'])
  expect(await userOn(ahead, cookie)).toBe('ada')
})

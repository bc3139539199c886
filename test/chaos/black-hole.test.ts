/** A server that takes everything and answers nothing: calls end in time, and the app goes on afterwards. */

import { expect, onTestFinished, test } from 'vitest'
import { browser } from '../promises/site.ts'
import { type ClientName, sharedPlace, storeAt } from './clients.ts'
import { expectInTime, expectUnavailable, makeCalls } from './deadlines.ts'
import { startProxy } from './proxy.ts'
import { answered, expectRefusal, report, sessionsOn, siteOn, strayErrors } from './visitors.ts'

const CLIENTS: readonly ClientName[] = ['node-redis', 'ioredis', 'pg', 'postgres']

async function behindProxy(client: ClientName) {
  const { url, name } = sharedPlace(client)
  const proxy = await startProxy(url)
  const sessions = sessionsOn(await storeAt(client, { url: proxy.url, name }))
  onTestFinished(() => proxy.stop())
  return { proxy, sessions }
}

test.each(CLIENTS)(
  'through %s with its default options, every call is told in time, and the loop is never held up',
  async (client) => {
    const stray = strayErrors()
    const { proxy, sessions } = await behindProxy(client)
    const pause = await expectInTime(
      async () => {
        const round = await makeCalls(sessions, {
          times: 3,
          away: () => proxy.begin({ do: 'hole' }),
          back: () => proxy.end('delivered'),
        })
        expectUnavailable(round)
        return round
      },
      () => makeCalls(sessions, { times: 3, away() {}, back() {} }),
    )
    report(`${client} in a black hole: pause ${pause.toFixed(0)} ms`)
    expect(stray).toEqual([])
  },
)

test.each(
  CLIENTS.flatMap((client) =>
    (['delivered', 'lost'] as const).map((how) => [client, how] as const),
  ),
)('through %s an app goes on once the hole is open, what it swallowed %s', async (client, how) => {
  const stray = strayErrors()
  const { proxy, sessions } = await behindProxy(client)
  const url = await siteOn(sessions)
  const visitor = browser(url)
  await answered(visitor, 'sign-in?user=ann')
  const before = (await answered(visitor, 'add')).shown.count
  proxy.begin({ do: 'hole' })
  // More than a pool has connections.
  const refused = Array.from({ length: 24 }, (_, n) => visitor.ask(n % 2 ? 'look' : 'add'))
  for (const answer of await Promise.all(refused)) expectRefusal(answer)
  proxy.end(how)
  const { refused: more } = await answered(visitor, 'add')
  report(`${client}, bytes ${how}: back after ${more} more refusals`)
  const { user, count } = (await answered(visitor, 'look')).shown
  expect(user).toBe('ann')
  // A save that was refused may have been kept all the same, but none twice.
  expect(count).toBeGreaterThan(before)
  expect(count).toBeLessThanOrEqual(before + 13 + more)
  expect(stray).toEqual([])
})

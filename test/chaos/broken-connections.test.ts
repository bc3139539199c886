/** Connections that are reset, forgotten or slow: answers are right or refused, and the app goes on. */

import { expect, onTestFinished, test } from 'vitest'
import { browser } from '../promises/site.ts'
import { type ClientName, sharedPlace, storeAt } from './clients.ts'
import { type Fault, startProxy } from './proxy.ts'
import { answered, expectRefusal, sessionsOn, siteOn, strayErrors } from './visitors.ts'

const CLIENTS: readonly ClientName[] = ['node-redis', 'ioredis', 'pg', 'postgres']

const FAULTS: Record<string, readonly Fault[]> = {
  'are reset, as is each new one': [{ do: 'reset' }],
  'are forgotten by the server without a word': [{ do: 'half-open' }],
  'are slower than any deadline': [{ do: 'delay', ms: 700 }],
}

/** What waits for an answer then waits until the operating system gives up, or the client does. */
const AWAITED = 'are forgotten while answers are awaited'

test.each([
  ...CLIENTS.flatMap((client) =>
    Object.entries(FAULTS).map((fault) => [client, ...fault] as const),
  ),
  ...(['node-redis', 'ioredis', 'pg with time limits'] as const).map(
    (client) => [client, AWAITED, [{ do: 'hole' }, { do: 'half-open' }]] as const,
  ),
])('%s: connections that %s', async (client, _what, faults: readonly Fault[]) => {
  const stray = strayErrors()
  const place = sharedPlace(client)
  const proxy = await startProxy(place.url)
  const sessions = sessionsOn(await storeAt(client, { ...place, url: proxy.url }))
  onTestFinished(() => proxy.stop())
  const visitor = browser(await siteOn(sessions))
  await answered(visitor, 'sign-in?user=ann')
  let atLeast = (await answered(visitor, 'add')).shown.count
  let asked = atLeast
  const ask = async (n: number) => {
    if (n % 2 === 0) asked += 1
    const answer = await visitor.ask(n % 2 ? 'look' : 'add')
    if (answer.status === 503) return expectRefusal(answer)
    expect([answer.status, answer.shown.user]).toEqual([200, 'ann'])
    atLeast = Math.max(atLeast, answer.shown.count)
  }
  for (const one of faults) {
    proxy.begin(one)
    // More than a pool has connections.
    await Promise.all(Array.from({ length: 24 }, (_, n) => ask(n)))
  }
  proxy.end()
  const { user, count } = (await answered(visitor, 'look')).shown
  expect(user).toBe('ann')
  expect(count).toBeGreaterThanOrEqual(atLeast)
  expect(count).toBeLessThanOrEqual(asked)
  expect((await answered(visitor, 'add')).shown.count).toBeGreaterThan(count)
  expect(stray).toEqual([])
})

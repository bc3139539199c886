/** A PostgreSQL whose machine vanishes under a busy pool: its connections are given up in the end. */

import { expect, onTestFinished, test } from 'vitest'
import { browser } from '../promises/site.ts'
import { sharedPlace, storeAt } from './clients.ts'
import { startProxy } from './proxy.ts'
import { answered, expectRefusal, report, sessionsOn, siteOn, strayErrors } from './visitors.ts'

/**
 * The store's own patience with an answer is 30 s, and reconnecting may add some. Until then a request
 * is refused at once, since no call was answered, and the visitor waits 10 ms before the next.
 */
const REFUSALS = 40 * 100

test('a pool of pg with its default options goes on after half a minute, without a restart', async () => {
  const stray = strayErrors()
  const place = sharedPlace('pg')
  const proxy = await startProxy(place.url)
  const sessions = sessionsOn(await storeAt('pg', { ...place, url: proxy.url }))
  onTestFinished(() => proxy.stop())
  const visitor = browser(await siteOn(sessions))
  await answered(visitor, 'sign-in?user=ann')
  const many = () => Promise.all(Array.from({ length: 24 }, () => visitor.ask('look')))
  // The pool has all its connections by then, and each of them waits for an answer.
  await many()
  proxy.begin({ do: 'hole' })
  for (const answer of await many()) expectRefusal(answer)
  proxy.begin({ do: 'half-open' })
  proxy.end()
  const { shown, refused } = await answered(visitor, 'look')
  expect(shown.user).toBe('ann')
  report(`a vanished server's connections were given up after ${refused} refusals`)
  expect(refused).toBeLessThan(REFUSALS)
  expect(stray).toEqual([])
})

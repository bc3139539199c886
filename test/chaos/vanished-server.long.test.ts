/** A PostgreSQL whose machine vanishes under a busy pool: its connections are given up in the end. */

import { expect, onTestFinished, test } from 'vitest'
import { browser } from '../promises/site.ts'
import { sharedPlace, storeAt } from './clients.ts'
import { startProxy } from './proxy.ts'
import { answered, expectRefusal, report, sessionsOn, siteOn, strayErrors } from './visitors.ts'

/** The store's own patience with an answer, and what reconnecting may add. */
const BACK_MS = 30_000 + 10_000

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
  const since = performance.now()
  expect((await answered(visitor, 'look')).shown.user).toBe('ann')
  const took = performance.now() - since
  report(`a vanished server's connections were given up after ${(took / 1000).toFixed(0)} s`)
  expect(took).toBeLessThan(BACK_MS)
  expect(stray).toEqual([])
}, 90_000)

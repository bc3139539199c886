/** A server that is killed as by a power cut, while an app goes on serving requests on it. */

import { expect, onTestFinished, test } from 'vitest'
import { browser } from '../promises/site.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import { type ClientName, storeAt } from './clients.ts'
import {
  answered,
  expectRefusal,
  loadOf,
  report,
  sessionsOn,
  siteOn,
  strayErrors,
} from './visitors.ts'

/** How often four visitors, who ask every 20 ms, may be refused once the server is back. */
const REFUSALS = 1000

test.each([
  ['Redis', ['node-redis', 'ioredis'], () => startRedis({ appendonly: 'always' })],
  ['PostgreSQL', ['pg', 'postgres'], () => startPostgres({ durability: 'flushed' })],
] as const)(
  '%s is killed: no answer is wrong, nothing acknowledged is lost, and the app goes on',
  async (engine, clients, start) => {
    const stray = strayErrors()
    const server = await start()
    onTestFinished(() => server.stop())
    const sites = await Promise.all(
      clients.map(async (client, n) => {
        const url = await siteOn(
          sessionsOn(await storeAt(client, { url: server.url, name: `killed_${n}` })),
        )
        // Somebody who has signed out before is not brought back by it.
        const leaver = browser(url)
        await answered(leaver, 'sign-in?user=leaver')
        const copy = browser(url, leaver.cookie)
        while ((await browser(url, copy.cookie).visit('sign-out')).status !== 200);
        return { url, client, copy, load: await loadOf(url, client, 4) }
      }),
    )
    await Promise.all(sites.map(({ load }) => load.rightAgain(10)))
    const before = sites.map(({ load }) => load.right)
    await server.kill()
    for (const { url } of sites) expectRefusal(await browser(url).visit('add'))
    await server.restart()
    const recoveries = await Promise.all(
      sites.map(async ({ load, client }) => {
        const { refused } = load
        await load.rightAgain(1)
        return [client, load.refused - refused] as const
      }),
    )
    await Promise.all(sites.map(({ load }) => load.rightAgain(10)))
    for (const [n, { load, copy }] of sites.entries()) {
      await load.end()
      expect(load.right).toBeGreaterThan(before[n]!)
      expect(load.refused).toBeGreaterThan(0)
      expect((await answered(copy, 'look')).shown).toEqual({ user: null, count: 0 })
    }
    const figures = sites.map(
      ({ load: { right, refused } }) => `${right} right, ${refused} refused`,
    )
    for (const [n, [client, more]] of recoveries.entries()) {
      report(`${engine} killed: ${client} refused ${more} more once it was back (${figures[n]})`)
      expect(more).toBeLessThan(REFUSALS)
    }
    expect(stray).toEqual([])
  },
)

test.each<ClientName>(['node-redis', 'ioredis'])(
  'a Redis that keeps nothing on the disk has lost every session, and %s goes on with new ones',
  async (client) => {
    const stray = strayErrors()
    const server = await startRedis()
    onTestFinished(() => server.stop())
    const url = await siteOn(sessionsOn(await storeAt(client, { url: server.url, name: 'kept' })))
    const visitor = browser(url)
    await answered(visitor, 'sign-in?user=ann')
    expect((await answered(visitor, 'add')).shown.user).toBe('ann')
    const { cookie } = visitor
    await server.kill()
    for (const path of ['look', 'add', 'sign-in?user=ann']) expectRefusal(await visitor.visit(path))
    expect(visitor.cookie).toBe(cookie)
    await server.restart()
    // Only a store that says that there is no such session makes the visitor a new one.
    const { shown, refused } = await answered(visitor, 'look')
    expect(shown).toEqual({ user: null, count: 0 })
    report(`Redis killed, nothing kept: ${client} was back after ${refused} more refusals`)
    await answered(visitor, 'sign-in?user=ann')
    expect((await answered(visitor, 'add')).shown.user).toBe('ann')
    expect(stray).toEqual([])
  },
)

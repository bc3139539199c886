/** Replies that reach the wrong caller: nobody is ever shown, or given, another visitor's session. */

import { expect, onTestFinished, test } from 'vitest'
import { type Browser, browser } from '../promises/site.ts'
import { sharedPlace, storeAt } from './clients.ts'
import { startProxy } from './proxy.ts'
import { swappingReplies } from './swapped-replies.ts'
import { answered, report, sessionsOn, siteOn, strayErrors } from './visitors.ts'

const VISITORS = 12
const ROUNDS = 60

test('of thousands of answers whose replies were swapped, none shows a foreign session', async () => {
  const stray = strayErrors()
  const place = sharedPlace('ioredis')
  const proxy = await startProxy(place.url)
  const url = await siteOn(sessionsOn(await storeAt('ioredis', { ...place, url: proxy.url })))
  onTestFinished(() => proxy.stop())
  const beside = sessionsOn(await storeAt('ioredis', place))
  const visitors: { user: string; jar: Browser }[] = []
  for (let n = 0; n < VISITORS; n += 1) {
    const jar = browser(url)
    await answered(jar, `sign-in?user=visitor-${n}`)
    visitors.push({ user: `visitor-${n}`, jar })
  }
  const seen = { own: 0, nobody: 0, refused: 0 }
  for (let round = 0; round < ROUNDS; round += 1) {
    proxy.begin({ do: 'rewrite', replies: swappingReplies() })
    const asked = visitors.flatMap(({ user, jar }) =>
      ['look', 'add', 'look'].map(async (path) => {
        const { status, shown, setCookie } = await jar.ask(path)
        if (status !== 200) seen.refused += 1
        else if (shown.user === null) seen.nobody += 1
        else seen.own += 1
        expect([user, null, undefined]).toContain(shown?.user)
        // Nor does anybody get the cookie of another one.
        if (setCookie !== undefined) expect((await openedBeside(setCookie)) ?? user).toBe(user)
      }),
    )
    await Promise.all(asked)
    // A connection that has lost step stays so: the next round has a new one.
    proxy.begin({ do: 'reset' })
    proxy.end()
    for (const { user, jar } of visitors) expect(await openedBeside(jar.cookie!)).toBe(user)
  }
  report(
    `replies swapped: ${seen.own} own, ${seen.nobody} nobody, ${seen.refused} refused, 0 foreign`,
  )
  // Swaps were noticed, or there was nothing to notice.
  expect(seen.nobody + seen.refused).toBeGreaterThan(ROUNDS)
  expect(stray).toEqual([])

  async function openedBeside(cookie: string): Promise<string | undefined> {
    return (await beside.open(cookie.split(';')[0]!)).userId
  }
})

/** Adapter conformance: reading and writing, renewals, prefetches. */

import { codeFrom, it, matches, same, type Scenario } from './bench.ts'
import { count, text } from './site.ts'

const DAY = 86_400_000

/** The scenarios on visits. */
export const visits: readonly Scenario[] = [
  it('counts', 'it counts the visits of each visitor', async (t) => {
    for (const options of [{}, { isStored: true }] as const) {
      const site = await t.site({}, options)
      const [ada, grace] = [site.browser(), site.browser()]
      same('first visit', await ada.read('/count'), '1')
      same('second visit', await ada.read('/count'), '2')
      same('first visit of another', await grace.read('/count'), '1')
      same('third visit', await ada.read('/count'), '3')
    }
  }),
  it('read', 'a page that only reads sets no cookie, and says Vary: Cookie', async (t) => {
    const ada = (await t.site()).browser()
    for (const expected of ['none', '1']) {
      const answer = await ada.ask('/seen')
      same('text', answer.text, expected)
      same('session lines', answer.lines().length, 0)
      matches('Vary', answer.header('vary'), /\bcookie\b/i)
      if (expected === 'none') await ada.read('/count')
    }
  }),
  it('unused', 'a page that never asks for the session is sent as without sessions', async (t) => {
    const headers = { 'content-type': 'text/plain', 'cache-control': 'public, max-age=60' }
    const site = await t.site({ '/static': () => text('static', { headers }) })
    const ada = site.browser()
    await ada.read('/count')
    site.clock.advance(3 * DAY)
    const answer = await ada.ask('/static')
    same('text', answer.text, 'static')
    same('session lines', answer.lines().length, 0)
    same('Cache-Control', answer.header('cache-control'), 'public, max-age=60')
    same('Vary has Cookie', /cookie/i.test(answer.header('vary') ?? ''), false)
  }),
  it('renews', 'a session that is used is renewed, and one that is not expires', async (t) => {
    const site = await t.site({}, { options: { lifetime: { idle: '7d' } } })
    const ada = site.browser()
    await ada.read('/count')
    site.clock.advance(5 * DAY)
    const renewed = await ada.ask('/seen')
    same('text after five days', renewed.text, '1')
    same('renewals', renewed.lines().length, 1)
    site.clock.advance(5 * DAY)
    same('text after five more', await ada.read('/seen'), '1')
    site.clock.advance(8 * DAY)
    same('text after eight more', await ada.read('/seen'), 'none')
  }),
  it('routes: not-found', 'what was written before a 404 is saved', async (t) => {
    const ada = (await t.site({}, { before: count })).browser()
    const missing = await ada.ask('/no/such/page')
    same('status', missing.status, 404)
    same('session lines', missing.lines().length, 1)
    same('count on the next page', await ada.read('/seen'), '2')
  }),
  it('prefetch', 'a prefetch only reads: a write throws ERR_SESSION_READ_ONLY', async (t) => {
    const site = await t.site({
      '/write': async ({ open }) => {
        const session = await open()
        return codeFrom(() => count(session))
      },
    })
    const headers = { 'sec-purpose': 'prefetch;prerender' }
    const answer = await site.browser().ask('/write', { headers })
    same('text', answer.text, 'ERR_SESSION_READ_ONLY')
    same('session lines', answer.lines().length, 0)
  }),
  it('prefetch-flashes', 'a message that a prefetch has shown is still there later', async (t) => {
    const ada = (await t.site()).browser()
    await ada.read('/flash')
    const prefetched = await ada.ask('/flashes', { headers: { 'sec-purpose': 'prefetch' } })
    same('prefetched', prefetched.text, 'hello')
    same('session lines', prefetched.lines().length, 0)
    same('visited', await ada.read('/flashes'), 'hello')
    same('visited again', await ada.read('/flashes'), '')
  }),
]

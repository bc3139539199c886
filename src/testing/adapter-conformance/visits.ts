/** Adapter conformance: reading and writing, renewals, prefetches. */

import { codeFrom, count, it, itWith, matches, page, same, type Scenario } from './bench.ts'

const DAY = 86_400_000

/** The scenarios on visits. */
export const visits: readonly Scenario[] = [
  it('counts', 'it counts the visits of each visitor', async (t) => {
    const site = await t.site(async ({ open }) => page(count(await open())))
    const [ada, grace] = [site.browser(), site.browser()]
    same('first visit', await ada.read(), '1')
    same('second visit', await ada.read(), '2')
    same('first visit of another', await grace.read(), '1')
    same('third visit', await ada.read(), '3')
  }),
  it('counts-stored', 'it counts the visits of each visitor with a store', async (t) => {
    const site = await t.site(async ({ open }) => page(count(await open())), { isStored: true })
    const [ada, grace] = [site.browser(), site.browser()]
    same('first visit', await ada.read(), '1')
    same('second visit', await ada.read(), '2')
    same('first visit of another', await grace.read(), '1')
  }),
  it('read', 'a page that only reads sets no cookie, and says Vary: Cookie', async (t) => {
    const site = await t.site(async ({ open, path }) => {
      const session = await open()
      return page(path === '/write' ? count(session) : session.get('count', 'none'))
    })
    const ada = site.browser()
    const anonymous = await ada.ask()
    same('text', anonymous.text, 'none')
    same('Set-Cookie', anonymous.headers.getSetCookie().length, 0)
    matches('Vary', anonymous.headers.get('vary'), /\bcookie\b/i)
    await ada.read('/write')
    const known = await ada.ask()
    same('text', known.text, '1')
    same('Set-Cookie', known.headers.getSetCookie().length, 0)
    matches('Vary', known.headers.get('vary'), /\bcookie\b/i)
  }),
  it(
    'unused',
    'a page that never asks for the session is sent as without this library',
    async (t) => {
      const headers = { 'content-type': 'text/plain', 'cache-control': 'public, max-age=60' }
      const site = await t.site(async ({ open, path }) =>
        path === '/write' ? page(count(await open())) : page('static', { headers }),
      )
      const ada = site.browser()
      await ada.read('/write')
      site.clock.advance(3 * DAY)
      const answer = await ada.ask()
      same('text', answer.text, 'static')
      same('Set-Cookie', answer.headers.getSetCookie().length, 0)
      same('Cache-Control', answer.headers.get('cache-control'), 'public, max-age=60')
      same('Vary has Cookie', /cookie/i.test(answer.headers.get('vary') ?? ''), false)
    },
  ),
  it('renews', 'a session that is used is renewed, and one that is not expires', async (t) => {
    const site = await t.site(
      async ({ open, path }) => {
        const session = await open()
        return page(path === '/write' ? count(session) : session.get('count', 'none'))
      },
      { options: { lifetime: { idle: '7d' } } },
    )
    const ada = site.browser()
    await ada.read('/write')
    site.clock.advance(5 * DAY)
    const renewed = await ada.ask()
    same('text after five days', renewed.text, '1')
    same('renewals', renewed.lines().length, 1)
    site.clock.advance(5 * DAY)
    same('text after five more', await ada.read(), '1')
    site.clock.advance(8 * DAY)
    same('text after eight more', await ada.read(), 'none')
  }),
  itWith(
    'routes',
    'not-found',
    'what was written before the framework answers 404 is saved',
    async (t) => {
      const site = await t.site(async ({ open }) => page((await open()).get('count')), {
        before: async (open) => count(await open()),
      })
      const ada = site.browser()
      const missing = await ada.ask('/no/such/page')
      same('status', missing.status, 404)
      same('cookies', missing.lines().length, 1)
      same('count on the next page', await ada.read(), '2')
    },
  ),
  it(
    'prefetch',
    'a prefetch only reads: writes throw, and messages are shown but stay',
    async (t) => {
      const site = await t.site(async ({ open, path }) => {
        const session = await open()
        if (path === '/flash') session.flash('hello')
        if (path !== '/write')
          return page(
            session
              .flashes()
              .map(({ message }) => message)
              .join(),
          )
        return page(await codeFrom(() => count(session)))
      })
      const ada = site.browser()
      await ada.read('/flash')
      const headers = { 'sec-purpose': 'prefetch;prerender' }
      const write = await ada.ask('/write', { headers })
      same('code of a write', write.text, 'ERR_SESSION_READ_ONLY')
      same('cookies of a write', write.lines().length, 0)
      const read = await ada.ask('/', { headers })
      same('cookies of a read', read.lines().length, 0)
    },
  ),
  it(
    'prefetch-flashes',
    'a message that a prefetch has shown is still there for the visitor',
    async (t) => {
      const site = await t.site(async ({ open, path }) => {
        const session = await open()
        if (path === '/flash') session.flash('hello')
        else
          return page(
            session
              .flashes()
              .map(({ message }) => message)
              .join(),
          )
        return page('flashed')
      })
      const ada = site.browser()
      await ada.read('/flash')
      same('prefetched', await ada.read('/', { headers: { 'sec-purpose': 'prefetch' } }), 'hello')
      same('visited', await ada.read(), 'hello')
      same('visited again', await ada.read(), '')
    },
  ),
]

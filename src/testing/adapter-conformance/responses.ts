/** Adapter conformance: HEAD, responses without a body, fixed and reused responses. */

import { count, it, page, same, type Scenario } from './bench.ts'

/** The scenarios on kinds of responses. */
export const responses: readonly Scenario[] = [
  it('head', 'HEAD has the headers of GET, the cookie too, and no body', async (t) => {
    const site = await t.site(async ({ open }) => page(count(await open())))
    const ada = site.browser()
    const answer = await ada.ask('/', { method: 'HEAD' })
    same('status', answer.status, 200)
    same('body', answer.text, '')
    same('session lines', answer.lines().length, 1)
    same('next count', await ada.read(), '2')
  }),
  ...[304, 204].map((status) =>
    it(`${status}`, `a ${status} carries the cookie`, async (t) => {
      const site = await t.site(async ({ open, path }) => {
        const n = count(await open())
        return path === '/' ? page(n) : page('', { status, headers: { etag: '"1"' }, body: null })
      })
      const ada = site.browser()
      const answer = await ada.ask('/empty', { headers: { 'if-none-match': '"1"' } })
      same('status', answer.status, status)
      same('session lines', answer.lines().length, 1)
      same('next count', await ada.read(), '2')
    }),
  ),
  it('fixed', 'a response whose headers are fixed gets the cookie', async (t) => {
    const site = await t.site(async ({ open, path }) => {
      const n = count(await open())
      const headers = { location: `${site.origin}/` }
      return path === '/' ? page(n) : page('', { status: 303, headers, body: null, isFixed: true })
    })
    const ada = site.browser()
    const answer = await ada.ask('/go')
    same('status', answer.status, 303)
    same('session lines', answer.lines().length, 1)
    same('next count', await ada.read(), '2')
  }),
  it(
    'reused',
    'a response that the app sends to two visitors holds the cookie of neither',
    async (t) => {
      const reply = page('', { status: 204, headers: {}, body: null })
      const site = await t.site(async ({ open, path, request }) => {
        const session = await open()
        if (path === '/write') session.set('name', request.header('x-name'))
        return path === '/who' ? page(session.get('name', 'nobody')) : reply
      })
      const [ada, grace, guest] = [site.browser(), site.browser(), site.browser()]
      await ada.ask('/write', { headers: { 'x-name': 'ada' } })
      await grace.ask('/write', { headers: { 'x-name': 'grace' } })
      const answer = await guest.ask('/read')
      same('status', answer.status, 204)
      same('cookies of a third visitor', answer.headers.getSetCookie().length, 0)
      same('first visitor', await ada.read('/who'), 'ada')
      same('second visitor', await grace.read('/who'), 'grace')
    },
  ),
]

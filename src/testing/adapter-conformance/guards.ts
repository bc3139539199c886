/** Adapter conformance: `signedIn`, `loginRequired` and the CSRF check. */

import { it, itWith, matches, page, same, type Page, type Scenario } from './bench.ts'

const POST = { method: 'POST' }
const CROSS_SITE = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** The scenarios on guards. */
export const guards: readonly Scenario[] = [
  it(
    'signed-in-401',
    'an anonymous visitor gets 401 from signedIn, which no cache stores',
    async (t) => {
      const site = await t.site(async ({ carrier, path, open }) => {
        if (path === '/login') (await open()).login('ada')
        return page((await site.sessions.signedIn(carrier)).userId)
      })
      const answer = await site.browser().ask()
      same('status', answer.status, 401)
      matches('Cache-Control', answer.headers.get('cache-control'), /\bno-store\b/)
      const ada = site.browser()
      same('page after the login', await ada.read('/login'), 'ada')
      same('next page', await ada.read(), 'ada')
    },
  ),
  it('forgotten-await', 'a page is not served if signedIn was asked without await', async (t) => {
    const site = await t.site(({ carrier }) => {
      void site.sessions.signedIn(carrier)
      return page('SECRET')
    })
    const answer = await site.browser().ask()
    same('status', answer.status, 401)
    same('shows the page', answer.text.includes('SECRET'), false)
  }),
  it(
    'caught-refusal',
    'an app that catches the refusal of signedIn sends its own page',
    async (t) => {
      const site = await t.site(async ({ carrier }) => {
        const asked = site.sessions.signedIn(carrier)
        return asked.then(
          () => page('SECRET'),
          () => page('please sign in'),
        )
      })
      same('text', await site.browser().read(), 'please sign in')
    },
  ),
  it(
    'csrf-cross-site',
    'a form from another site is refused with 403, before the handler acts',
    async (t) => {
      const site = await t.site(checked(() => site.sessions))
      const answer = await site.browser().ask('/', { ...POST, headers: CROSS_SITE })
      same('status', answer.status, 403)
      same('shows the page', answer.text.includes('done'), false)
      same('cookies', answer.lines().length, 0)
      matches('Cache-Control', answer.headers.get('cache-control'), /\bno-store\b/)
    },
  ),
  it('csrf-same-origin', 'a form of the own site passes', async (t) => {
    const site = await t.site(checked(() => site.sessions))
    const ada = site.browser()
    const headers = { 'sec-fetch-site': 'same-origin', origin: site.origin }
    same('text', await ada.read('/', { ...POST, headers }), 'done')
    const { origin } = site
    same('text by Origin', await ada.read('/', { ...POST, headers: { origin } }), 'done')
    same('text of a GET', await ada.read('/', { headers: CROSS_SITE }), 'done')
  }),
  it('csrf-token', 'where the browser says nothing, the token in the header decides', async (t) => {
    const site = await t.site(checked(() => site.sessions))
    const ada = site.browser()
    const token = await ada.read('/token')
    same('status without', (await ada.ask('/', POST)).status, 403)
    const wrong = { 'x-csrf-token': token.replace(/./, (first) => (first === 'A' ? 'B' : 'A')) }
    same('status with a wrong one', (await ada.ask('/', { ...POST, headers: wrong })).status, 403)
    const headers = { 'x-csrf-token': token }
    same('text', await ada.read('/', { ...POST, headers }), 'done')
    const grace = site.browser()
    await grace.read('/token')
    same('status of another visitor', (await grace.ask('/', { ...POST, headers })).status, 403)
  }),
  itWith(
    'csrfGuard',
    'guard-csrf',
    'the CSRF guard refuses before the handler, and reads the field',
    async (t) => {
      const site = await t.site(async ({ open, path }) => {
        const session = await open()
        if (path === '/token') session.set('seen', true)
        return page(path === '/token' ? session.csrfToken() : 'done')
      })
      const ada = site.browser()
      const token = await ada.read('/token')
      const evil = await ada.ask('/guarded/a', { ...POST, headers: CROSS_SITE })
      same('status from another site', evil.status, 403)
      const bare = await ada.ask('/guarded/a', { ...POST, headers: FORM, body: 'a=1' })
      same('status without a token', bare.status, 403)
      const body = `a=1&_csrf=${token}`
      same('text', await ada.read('/guarded/a', { ...POST, headers: FORM, body }), 'done')
      same('text of a GET', await ada.read('/guarded/a', { headers: CROSS_SITE }), 'done')
    },
  ),
  itWith(
    'loginRequired',
    'guard-login',
    'loginRequired redirects to the sign-in page and back',
    async (t) => {
      const site = await t.site(async ({ open, path }) => {
        const session = await open()
        if (path === '/login') session.login('ada')
        return page(`page of ${session.userId}`)
      })
      const ada = site.browser()
      const answer = await ada.ask('/account?tab=1')
      same('status', answer.status, 303)
      const target = new URL(answer.headers.get('location') ?? '', site.origin)
      same('Location', target.pathname + target.search, '/login?next=%2Faccount%3Ftab%3D1')
      matches('Cache-Control', answer.headers.get('cache-control'), /\bno-store\b/)
      await ada.read('/login')
      same('text', await ada.read('/account'), 'page of ada')
    },
  ),
]

/** A page behind `sessions.checkCsrf`, which the handler calls itself. */
function checked(sessions: () => { checkCsrf(carrier: object): Promise<void> }): Page {
  return async ({ carrier, open, path }) => {
    const session = await open()
    if (path === '/token') {
      session.set('seen', true)
      return page(session.csrfToken())
    }
    await sessions().checkCsrf(carrier)
    session.set('acted', true)
    return page('done')
  }
}

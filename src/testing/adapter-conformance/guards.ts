/** Adapter conformance: `signedIn`, `loginRequired` and the CSRF check. */

import { it, matches, same, type Scenario } from './bench.ts'
import type { Page } from './site.ts'

const CROSS_SITE = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }

/** Pages with a guard that the handler calls. */
const pages: Readonly<Record<string, Page>> = {
  '/mine': async ({ sessions, carrier }) => `page of ${(await sessions.signedIn(carrier)).userId}`,
  '/forgotten': ({ sessions, carrier }) => {
    void sessions.signedIn(carrier)
    return 'SECRET'
  },
  '/caught': async ({ sessions, carrier }) =>
    sessions.signedIn(carrier).then(
      () => 'SECRET',
      () => 'please sign in',
    ),
  '/checked': async ({ sessions, carrier, open }) => {
    await sessions.checkCsrf(carrier)
    ;(await open()).set('acted', true)
    return 'done'
  },
}

/** The scenarios on guards. */
export const guards: readonly Scenario[] = [
  it('signed-in-401', 'an anonymous visitor gets a 401 that no cache stores', async (t) => {
    const ada = (await t.site(pages)).browser()
    const answer = await ada.ask('/mine')
    same('status', answer.status, 401)
    matches('Cache-Control', answer.header('cache-control'), /\bno-store\b/)
    await ada.post('/login')
    same('page after the login', await ada.read('/mine'), 'page of ada')
  }),
  it('forgotten-await', 'signedIn without await keeps the page from being sent', async (t) => {
    const answer = await (await t.site(pages)).browser().ask('/forgotten')
    same('status', answer.status, 401)
    same('shows the page', answer.text.includes('SECRET'), false)
  }),
  it('caught-refusal', 'an app that catches the refusal sends its own page', async (t) => {
    same('text', await (await t.site(pages)).browser().read('/caught'), 'please sign in')
  }),
  it('csrf-cross-site', 'a form from another site is refused before the app acts', async (t) => {
    const answer = await (await t.site(pages)).browser().post('/checked', CROSS_SITE)
    same('status', answer.status, 403)
    same('shows the page', answer.text.includes('done'), false)
    same('session lines', answer.lines().length, 0)
    matches('Cache-Control', answer.header('cache-control'), /\bno-store\b/)
  }),
  it('csrf-same-origin', 'a form of the own site passes', async (t) => {
    const { origin, browser } = await t.site(pages)
    const ada = browser()
    const own = { 'sec-fetch-site': 'same-origin', origin }
    same('by Sec-Fetch-Site', (await ada.post('/checked', own)).text, 'done')
    same('by Origin', (await ada.post('/checked', { origin })).text, 'done')
    same('of a GET', await ada.read('/checked', { headers: CROSS_SITE }), 'done')
  }),
  it('csrf-token', 'where the browser says nothing, the token in a header decides', async (t) => {
    const site = await t.site(pages)
    const [ada, grace] = [site.browser(), site.browser()]
    const headers = { 'x-csrf-token': await ada.read('/token') }
    await grace.read('/token')
    same('status without', (await ada.post('/checked')).status, 403)
    same('status of another visitor', (await grace.post('/checked', headers)).status, 403)
    same('text', (await ada.post('/checked', headers)).text, 'done')
  }),
  it('csrfGuard: guard-csrf', 'the guard refuses, and reads a form', async (t) => {
    const ada = (await t.site({ '/guarded/a': () => 'done' })).browser()
    const body = `a=1&_csrf=${await ada.read('/token')}`
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    same('status from another site', (await ada.post('/guarded/a', CROSS_SITE)).status, 403)
    same('status without a token', (await ada.post('/guarded/a', form, 'a=1')).status, 403)
    same('text', (await ada.post('/guarded/a', form, body)).text, 'done')
    same('text of a GET', await ada.read('/guarded/a', { headers: CROSS_SITE }), 'done')
  }),
  it(
    'loginRequired: guard-login',
    'who is not signed in is sent to the sign-in page',
    async (t) => {
      const site = await t.site({ '/account': pages['/mine']! })
      const ada = site.browser()
      const answer = await ada.ask('/account?tab=1')
      same('status', answer.status, 303)
      const target = new URL(answer.header('location') ?? '', site.origin)
      same('Location', target.pathname + target.search, '/login?next=%2Faccount%3Ftab%3D1')
      matches('Cache-Control', answer.header('cache-control'), /\bno-store\b/)
      await ada.post('/login')
      same('text', await ada.read('/account'), 'page of ada')
    },
  ),
]

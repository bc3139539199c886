/** Adapter conformance: signing in and out. */

import { it, matches, same, type Scenario } from './bench.ts'
import { text } from './site.ts'

/** The scenarios on users. */
export const users: readonly Scenario[] = [
  it('login', 'after a login and its redirect the visitor is greeted once', async (t) => {
    const site = await t.site()
    const ada = site.browser()
    const answer = await ada.post('/login')
    same('status', answer.status, 303)
    matches('Location', answer.header('location'), /\/who$/)
    same('session lines', answer.lines().length, 1)
    same('first page', await ada.read('/who'), 'ada Welcome')
    same('second page', await ada.read('/who'), 'ada')
    same('page of another', await site.browser().read('/who'), 'nobody')
  }),
  it('new-id', 'the cookie from before a login is not signed in', async (t) => {
    const ada = (await t.site({}, { isStored: true })).browser()
    await ada.read('/count')
    const before = ada.cookies.get('session')!
    await ada.post('/login')
    same('after the login', await ada.read('/who'), 'ada Welcome')
    ada.cookies.set('session', before)
    same('with the cookie from before', await ada.read('/who'), 'nobody')
  }),
  it('personal', 'a signed-in page is private, unless the app shares it', async (t) => {
    const headers = { 'content-type': 'text/plain', 'cache-control': 'public, max-age=60' }
    const site = await t.site({
      '/shared': async ({ open }) => text((await open()).userId, { headers }),
    })
    const ada = site.browser()
    await ada.post('/login')
    await ada.read('/who')
    matches('Cache-Control', (await ada.ask('/who')).header('cache-control'), /\bprivate\b/)
    const shared = (await ada.ask('/shared')).header('cache-control')
    same('Cache-Control of a shared page', shared, 'public, max-age=60')
  }),
  it('logout', 'after a logout the visitor is anonymous, with the old cookie too', async (t) => {
    const ada = (await t.site({}, { isStored: true })).browser()
    await ada.post('/login')
    await ada.read('/who')
    const before = ada.cookies.get('session')!
    const answer = await ada.post('/logout')
    same('status', answer.status, 303)
    matches('Set-Cookie', answer.lines()[0] ?? null, /max-age=0/i)
    same('next page', await ada.read('/who'), 'nobody')
    ada.cookies.set('session', before)
    same('with the cookie from before', await ada.read('/who'), 'nobody')
  }),
  it('logout-outage', 'a logout during an outage clears the cookie, and fails', async (t) => {
    const site = await t.site(
      {
        '/logout': async ({ open }) => {
          ;(await open()).logout()
          site.store.isAway = true
          return 'done'
        },
      },
      { isStored: true },
    )
    const ada = site.browser()
    await ada.post('/login')
    same('status', (await ada.post('/logout')).status, 503)
    same('cookies in the browser', ada.cookies.size, 0)
    site.store.isAway = false
    same('next page', await ada.read('/who'), 'nobody')
  }),
  it('throwRedirect: thrown-redirect', 'a login is saved if the redirect is thrown', async (t) => {
    const site = await t.site({
      '/login': async ({ open }) => {
        ;(await open()).login('ada')
        return t.throwRedirect!('/who')
      },
    })
    const ada = site.browser()
    const { status } = await ada.post('/login')
    same('is a redirect', status >= 300 && status < 400, true)
    same('first page', await ada.read('/who'), 'ada')
  }),
]

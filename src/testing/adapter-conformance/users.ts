/** Adapter conformance: signing in and out. */

import { it, itWith, matches, page, redirect, same, type Page, type Scenario } from './bench.ts'

/** An app with a login, which greets on `/`. */
const app: Page = async ({ open, path }) => {
  const session = await open()
  if (path === '/login') {
    session.login('ada')
    session.flash('Welcome')
    return redirect('/')
  }
  if (path === '/logout') {
    session.logout()
    return redirect('/')
  }
  const said = session.flashes().map(({ message }) => message)
  return page([session.userId ?? 'nobody', ...said].join(' '))
}

/** The scenarios on users. */
export const users: readonly Scenario[] = [
  it(
    'login',
    'after a login and its redirect the visitor is signed in, and greeted once',
    async (t) => {
      const site = await t.site(app)
      const ada = site.browser()
      const answer = await ada.ask('/login', { method: 'POST' })
      same('status', answer.status, 303)
      matches('Location', answer.headers.get('location'), /\/$/)
      same('session lines', answer.lines().length, 1)
      same('first page', await ada.read(), 'ada Welcome')
      same('second page', await ada.read(), 'ada')
      same('page of another', await site.browser().read(), 'nobody')
    },
  ),
  it('new-id', 'the cookie from before a login is not signed in', async (t) => {
    const site = await t.site(
      async (call) => {
        if (call.path !== '/visit') return app(call)
        ;(await call.open()).set('seen', true)
        return page('seen')
      },
      { isStored: true },
    )
    const ada = site.browser()
    await ada.read('/visit')
    const before = ada.cookies.get('session')!
    await ada.ask('/login', { method: 'POST' })
    same('after the login', await ada.read(), 'ada Welcome')
    ada.cookies.set('session', before)
    same('with the cookie from before', await ada.read(), 'nobody')
  }),
  it(
    'personal',
    'a page of a signed-in visitor is private, unless the app shares it',
    async (t) => {
      const site = await t.site(async (call) => {
        if (call.path !== '/shared') return app(call)
        const headers = { 'content-type': 'text/plain', 'cache-control': 'public, max-age=60' }
        return page((await call.open()).userId, { headers })
      })
      const ada = site.browser()
      await ada.ask('/login', { method: 'POST' })
      await ada.read()
      matches('Cache-Control', (await ada.ask()).headers.get('cache-control'), /\bprivate\b/)
      const shared = await ada.ask('/shared')
      same('Cache-Control', shared.headers.get('cache-control'), 'public, max-age=60')
    },
  ),
  it(
    'logout',
    'after a logout the visitor is anonymous, and the old cookie is worth nothing',
    async (t) => {
      const site = await t.site(app, { isStored: true })
      const ada = site.browser()
      await ada.ask('/login', { method: 'POST' })
      await ada.read()
      const before = ada.cookies.get('session')!
      const answer = await ada.ask('/logout', { method: 'POST' })
      same('status', answer.status, 303)
      matches('Set-Cookie', answer.lines()[0] ?? null, /max-age=0/i)
      same('next page', await ada.read(), 'nobody')
      ada.cookies.set('session', before)
      same('with the cookie from before', await ada.read(), 'nobody')
    },
  ),
  it(
    'logout-outage',
    'a logout while the store is away clears the cookie, and is no success',
    async (t) => {
      const site = await t.site(
        async (call) => {
          const reply = await app(call)
          if (call.path === '/logout') site.store.isAway = true
          return reply
        },
        { isStored: true },
      )
      const ada = site.browser()
      await ada.ask('/login', { method: 'POST' })
      const answer = await ada.ask('/logout', { method: 'POST' })
      same('status', answer.status, 503)
      same('cookies in the browser', ada.cookies.size, 0)
      site.store.isAway = false
      same('next page', await ada.read(), 'nobody')
    },
  ),
  itWith(
    'throwRedirect',
    'thrown-redirect',
    'a login is saved if the redirect is thrown',
    async (t) => {
      const site = await t.site(async (call) => {
        const reply = await app(call)
        return call.path === '/login' ? t.throwRedirect!('/') : reply
      })
      const ada = site.browser()
      const answer = await ada.ask('/login', { method: 'POST' })
      same('is a redirect', answer.status >= 300 && answer.status < 400, true)
      same('first page', await ada.read(), 'ada Welcome')
    },
  ),
]

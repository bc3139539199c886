/** Adapter conformance: cookies of the app, of attackers, and of two sessions. */

import { createSessions } from '../../session/create-sessions.ts'
import { codeFrom, it, matches, same, type Scenario } from './bench.ts'
import { count, text } from './site.ts'

/** The scenarios on cookies. */
export const cookies: readonly Scenario[] = [
  it('own-cookie', 'cookies of the app are sent once, beside one of the session', async (t) => {
    const own = ['theme=dark; Path=/', 'lang=en; Path=/']
    const site = await t.site({
      '/write': async ({ open }) => text(count(await open()), { cookies: own }),
      '/read': async ({ open }) => text((await open()).size, { cookies: own }),
    })
    for (const path of ['/write', '/read']) {
      const answer = await site.browser().ask(path)
      same(`theme lines of ${path}`, answer.lines('theme').length, 1)
      same(`lang lines of ${path}`, answer.lines('lang').length, 1)
      same(`session lines of ${path}`, answer.lines().length, path === '/write' ? 1 : 0)
    }
  }),
  it('tampered', 'a changed cookie is that of an anonymous visitor, and no error', async (t) => {
    const ada = (await t.site()).browser()
    same('count', await ada.read('/count'), '1')
    const value = ada.cookies.get('session')!
    const at = Math.floor(value.length / 3)
    const changed = value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1)
    for (const cookie of [changed, '', '%', 'x'.repeat(3000), `${value}${value}`]) {
      ada.cookies.set('session', cookie)
      same(`count with ${cookie.slice(0, 20)}`, await ada.read('/count'), '1')
    }
  }),
  it('two-of-a-name', 'of two cookies of one name the valid one counts', async (t) => {
    const site = await t.site()
    const ada = site.browser()
    await ada.read('/count')
    const valid = `session=${ada.cookies.get('session')}`
    for (const cookie of [`session=forged; ${valid}`, `${valid}; session=forged`]) {
      same('count', await site.browser().read('/seen', { headers: { cookie } }), '1')
    }
  }),
  it('two-sessions', 'two sessions objects on one request each have a cookie', async (t) => {
    const secret = 'the-second-sessions-91c2f04be7d35a86'
    const second = createSessions<any>({ secret, cookie: { name: 'basket', secure: false } })
    const site = await t.site(
      {
        '/both': async ({ open, carrier }) =>
          `${count(await open())},${count(await second.get(carrier))}`,
      },
      { mount: (own) => [own, second] },
    )
    const ada = site.browser()
    const first = await ada.ask('/both')
    same('counts', first.text, '1,1')
    same('session lines', first.lines().length, 1)
    same('basket lines', first.lines('basket').length, 1)
    ada.cookies.delete('session')
    same('counts without one cookie', await ada.read('/both'), '1,2')
  }),
  it('mounted-twice', 'a middleware that is used twice is as one', async (t) => {
    const ada = (await t.site({}, { mount: (own) => [own, own] })).browser()
    same('session lines', (await ada.ask('/count')).lines().length, 1)
    same('count', await ada.read('/count'), '2')
  }),
  it('not-mounted', 'without the middleware the error says so', async (t) => {
    const site = await t.site({ '/open': ({ open }) => codeFrom(open) }, { mount: () => [] })
    same('code', await site.browser().read('/open'), 'ERR_SESSION_NOT_MOUNTED')
  }),
  it('private', 'a page that sets the cookie is private, whatever the app says', async (t) => {
    const headers = { 'content-type': 'text/plain', 'cache-control': 'public, max-age=60' }
    const site = await t.site({
      '/shared': async ({ open }) => text(count(await open()), { headers }),
    })
    const answer = await site.browser().ask('/shared')
    const control = answer.header('cache-control')
    matches('Cache-Control', control, /\bprivate\b/)
    same('Cache-Control is public', /\bpublic\b/.test(control ?? ''), false)
    matches('Vary', answer.header('vary'), /\bcookie\b/i)
  }),
]

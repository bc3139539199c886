/** The Fetch adapter, on the runtime's own server where it has one. */

import assert from 'node:assert/strict'
import { createSessions } from 'sojourn'
import { csrfGuard, loginRequired, withSessions } from 'sojourn/fetch'
import { memoryStore } from 'sojourn/stores/memory'
import { browserOn, cookieFrom, count, countsToThree, fortyAtOnce, secret } from './site.mjs'

/** A small app: sign in and out, an account, a form that needs the CSRF token. */
function app(sessions) {
  const account = loginRequired(sessions, { redirect: '/login' }, async (request) => {
    const { userId } = await sessions.get(request)
    return new Response(`Account of ${userId}`)
  })
  const pages = {
    'GET /': async (request) => new Response(await count(sessions.get(request))),
    'POST /login': async (request) => {
      const opened = await sessions.get(request)
      opened.login('ada')
      opened.flash('Welcome, ada')
      return Response.redirect(new URL('/', request.url), 303)
    },
    'POST /logout': async (request) => {
      ;(await sessions.get(request)).logout()
      return new Response(null, { status: 303, headers: { location: '/' } })
    },
    'GET /account': account,
    'GET /api': loginRequired(sessions, {}, () => new Response('{}')),
    'GET /token': async (request) => new Response((await sessions.get(request)).csrfToken()),
    'GET /flashes': async (request) => Response.json((await sessions.get(request)).flashes()),
    'GET /stream': async (request) => {
      await count(sessions.get(request))
      return new Response(slowly(['one ', 'two ', 'three']))
    },
    'GET /fails': async (request) => {
      await count(sessions.get(request))
      throw new Error('the page failed')
    },
    'GET /bytes': async () => new Response('no session is used here'),
  }
  const route = csrfGuard(sessions, (request) => {
    const { pathname } = new URL(request.url)
    const page = pages[`${request.method === 'HEAD' ? 'GET' : request.method} ${pathname}`]
    return page ? page(request) : new Response('not found', { status: 404 })
  })
  return withSessions(sessions, route)
}

/** Made while the module loads, where a Worker has no randomness and no timers. */
const early = createSessions({ secret, store: memoryStore() })
const earlyApp = app(early)

/** A body whose parts come one turn of the event loop after the other. */
function slowly(parts) {
  const bytes = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const part = parts.shift()
      await new Promise((next) => setTimeout(next, 1))
      if (part === undefined) controller.close()
      else controller.enqueue(bytes.encode(part))
    },
  })
}

const sameSite = { 'sec-fetch-site': 'same-origin' }

async function open(host, options = {}) {
  const sessions = createSessions({ secret, ...options })
  const visit = await host.serve(app(sessions))
  return { sessions, visit, ...browserOn(visit, sessions) }
}

export const fetches = {
  async 'a Fetch handler counts its visits'(host) {
    const { visit, sessions } = await open(host)
    await countsToThree(visit, sessions)
  },

  async '40 concurrent requests of one session count exactly'(host) {
    const { visit, sessions } = await open(host, { store: memoryStore() })
    await fortyAtOnce(visit, sessions)
  },

  async 'sessions may be made while the module loads'(host) {
    await countsToThree(await host.serve(earlyApp), early)
  },

  async 'a page that does not use the session sets no cookie and may be cached'(host) {
    const { go } = await open(host)
    const response = await go('/bytes')
    assert.equal(await response.text(), 'no session is used here')
    assert.deepEqual(response.headers.getSetCookie(), [])
    assert.equal(response.headers.get('vary'), null)
  },

  async 'sign in, a flash message, the account, sign out'(host) {
    const { go } = await open(host, { store: memoryStore() })
    const signedIn = await go('/login', { method: 'POST', headers: sameSite })
    assert.equal(signedIn.status, 303)
    assert.equal(signedIn.headers.getSetCookie().length, 1)
    assert.deepEqual(await (await go('/flashes')).json(), [
      { category: 'message', message: 'Welcome, ada' },
    ])
    assert.deepEqual(await (await go('/flashes')).json(), [])
    assert.equal(await (await go('/account')).text(), 'Account of ada')
    await go('/logout', { method: 'POST', headers: sameSite })
    assert.equal((await go('/account')).status, 303)
  },

  async 'a guard redirects to the sign-in page, or returns 401'(host) {
    const { go } = await open(host)
    const redirected = await go('/account?tab=1')
    assert.equal(redirected.status, 303)
    assert.equal(redirected.headers.get('location'), '/login?next=%2Faccount%3Ftab%3D1')
    const refused = await go('/api')
    assert.equal(refused.status, 401)
    assert.equal(refused.headers.get('cache-control'), 'no-store')
    assert.equal(await refused.text(), 'Please sign in first.\n')
  },

  async 'a cross-site form is refused with 403, one with the token passes'(host) {
    const { go } = await open(host)
    const evil = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
    assert.equal((await go('/login', { method: 'POST', headers: evil })).status, 403)
    const token = await (await go('/token')).text()
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = new URLSearchParams({ _csrf: token }).toString()
    assert.equal((await go('/login', { method: 'POST', headers: form, body })).status, 303)
    const wrong = new URLSearchParams({ _csrf: 'wrong' }).toString()
    assert.equal((await go('/logout', { method: 'POST', headers: form, body: wrong })).status, 403)
  },

  async 'a streamed response has its cookie before the first byte'(host) {
    const { go } = await open(host, { store: memoryStore() })
    const response = await go('/stream')
    assert.equal(response.headers.getSetCookie().length, 1)
    assert.equal(await response.text(), 'one two three')
    assert.equal(await (await go()).text(), '2')
  },

  async 'a page has the same content type, length and status as without a session'(host) {
    const bodies = {
      text: () => new Response('Ada', { status: 202 }),
      html: () => new Response('<p>', { headers: { 'content-type': 'text/html' } }),
      json: () => Response.json({ a: 1 }),
      bytes: () => new Response(new Uint8Array([1, 2])),
      form: () => new Response(new URLSearchParams({ a: '1' })),
      nothing: () => new Response(null, { status: 204 }),
      stream: () => new Response(slowly(['one'])),
    }
    const page = (request) => bodies[new URL(request.url).pathname.slice(1)]()
    const sessions = createSessions({ secret })
    const bare = await host.serve(page)
    const counted = withSessions(sessions, async (request) => {
      await count(sessions.get(request))
      return page(request)
    })
    const visit = await host.serve(counted)
    for (const kind of Object.keys(bodies)) {
      const [one, other] = [await bare(`/${kind}`), await visit(`/${kind}`)]
      assert.equal(other.status, one.status, kind)
      assert.equal(other.headers.get('content-type'), one.headers.get('content-type'), kind)
      assert.equal(other.headers.getSetCookie().length, 1, kind)
      assert.equal(await other.text(), await one.text(), kind)
    }
  },

  async 'a text beyond ASCII has the same content type as without a session'(host) {
    const sessions = createSessions({ secret })
    const bare = await host.serve(() => new Response('Zoë'))
    const counted = withSessions(sessions, async (request) => {
      await count(sessions.get(request))
      return new Response('Zoë')
    })
    const [one, other] = [await bare('/'), await (await host.serve(counted))('/')]
    assert.equal(await other.text(), await one.text())
    assert.equal(other.headers.get('content-type'), one.headers.get('content-type'))
  },

  async 'a response that is used twice, or comes from another server, gets the cookie'(host) {
    const sessions = createSessions({ secret })
    const upstream = await host.serve(() => new Response('upstream'))
    const redirect = new Response(null, { status: 303, headers: { location: '/' } })
    const handler = withSessions(sessions, async (request) => {
      await count(sessions.get(request))
      return request.url.endsWith('/upstream') ? upstream('/') : redirect
    })
    const visit = await host.serve(handler)
    const init = { redirect: 'manual' }
    const [one, other] = [await visit('/', init), await visit('/', init)]
    assert.notEqual(cookieFrom(one), cookieFrom(other))
    assert.deepEqual(
      [one, other].map((each) => each.headers.getSetCookie().length),
      [1, 1],
    )
    assert.equal(redirect.headers.get('set-cookie'), null)
    const passedOn = await visit('/upstream')
    assert.equal(passedOn.headers.getSetCookie().length, 1)
    assert.equal(await passedOn.text(), 'upstream')
  },

  async 'HEAD has the headers of the page, and counts as its visit'(host) {
    const { go } = await open(host)
    const response = await go('/', { method: 'HEAD' })
    assert.equal(response.headers.getSetCookie().length, 1)
    await response.text()
    assert.equal(await (await go()).text(), '2')
  },

  async 'what a failed handler changed is not saved'(host) {
    const { go } = await open(host)
    await (await go()).text()
    const status = await go('/fails').then(
      (response) => response.status,
      () => 500,
    )
    assert.equal(status, 500)
    assert.equal(await (await go()).text(), '2')
  },

  async 'a large body of a post is left to the app'(host) {
    const sessions = createSessions({ secret })
    const guarded = csrfGuard(sessions, async (request) => {
      const bytes = new Uint8Array(await request.arrayBuffer())
      return new Response(`${bytes.length}`)
    })
    const visit = await host.serve(withSessions(sessions, guarded))
    const body = new Uint8Array(300_000).fill(7)
    const response = await visit('/', { method: 'POST', headers: sameSite, body })
    assert.equal(await response.text(), '300000')
  },
}

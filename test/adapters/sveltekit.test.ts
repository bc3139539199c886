import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  csrfGuard,
  handleSessionErrors,
  handleSessions,
  loginRequired,
} from '../../src/adapters/sveltekit.ts'
import { SessionError } from '../../src/base/errors.ts'
import type { JarAttributes } from '../../src/http/cookie-jar.ts'
import { flask } from '../../src/flask/flask.ts'
import { createSessions } from '../../src/index.ts'

const sessions = createSessions({ secret: 'kit-of-hooks-e5c3a8f17d42b096' })
const handle = handleSessions(sessions)

/** The event as SvelteKit makes it: `url` is the page's, `locals` live as long as the request. */
function eventOf(path: string, init: RequestInit = {}, isSubRequest = false) {
  const request = new Request(`https://shop.example${path}`, init)
  const url = new URL(request.url.replace('/__data.json', ''))
  url.searchParams.delete('x-sveltekit-invalidated')
  const isDataRequest = path.includes('/__data.json')
  return { request, url, locals: {}, isSubRequest, isDataRequest, cookies: jarOf() }
}

/** SvelteKit's `event.cookies`: what is set is sent with its own redirects, too. */
function jarOf() {
  const lines: string[] = []
  return {
    lines,
    set(name: string, value: string, options: JarAttributes) {
      const all = { httpOnly: true, secure: true, sameSite: 'lax', ...options }
      const { httpOnly, secure, sameSite, path } = all
      const age = all.maxAge === undefined ? '' : `; Max-Age=${all.maxAge}`
      const flags = (secure ? '; Secure' : '') + (httpOnly ? '; HttpOnly' : '')
      const site = sameSite ? `; SameSite=${sameSite}` : ''
      lines.push(`${name}=${encodeURIComponent(value)}${age}${flags}; Path=${path}${site}`)
    },
  }
}

/** What SvelteKit makes of the `handle` hook's result: in its `runtime/server/respond.js`. */
async function sent(event: Event, hook: (event: Event) => Promise<Response>): Promise<Response> {
  const json = (status: number, location: string | null) =>
    Response.json({ type: 'redirect', status, location })
  const { isDataRequest, cookies } = event
  try {
    const response = await handle({
      event,
      async resolve(inner) {
        const page = await hook(inner)
        for (const line of cookies.lines) page.headers.append('set-cookie', line)
        return page
      },
    })
    const { status, headers } = response
    const isRedirect = status >= 300 && status <= 308 && headers.has('location')
    return isDataRequest && isRedirect ? json(status, headers.get('location')) : response
  } catch (error) {
    if (!(error instanceof Redirect)) throw error
    const { status, location } = error
    const response = isDataRequest
      ? json(status, location)
      : new Response(null, { status, headers: { location } })
    for (const line of cookies.lines) response.headers.append('set-cookie', line)
    return response
  }
}

/** What `redirect()` of SvelteKit throws. */
class Redirect {
  readonly status: number
  readonly location: string
  constructor(status: number, location: string) {
    this.status = status
    this.location = location
  }
}
type Event = ReturnType<typeof eventOf>

const ENHANCED = { method: 'POST', headers: { 'x-sveltekit-action': 'true' } }

async function savedBy(response: Response) {
  const lines = response.headers.getSetCookie()
  expect(lines).toHaveLength(1)
  return sessions.open(lines[0]!.split(';')[0])
}

/** `sequence` of SvelteKit: it makes another event object for each hook. */
const sequence =
  (guard: typeof handle) => (event: Event, resolve: (event: Event) => Promise<Response>) =>
    handle({ event, resolve: (next) => guard({ event: { ...next }, resolve }) })

describe('handleSessions', () => {
  it('finds the session by locals, by the request, and as the current one', async () => {
    const response = await handle({
      event: eventOf('/'),
      async resolve({ locals, request }) {
        const session = await sessions.get(locals)
        expect(await sessions.get(request)).toBe(session)
        expect(await sessions.current()).toBe(session)
        session.set('a', 1)
        return new Response('page')
      },
    })
    expect((await savedBy(response)).get('a')).toBe(1)
  })

  it('shares the session of a page with what it fetches from its own app', async () => {
    const part = async (count: number) => {
      const inner = await handle({
        event: eventOf('/api', { method: 'POST' }, true),
        async resolve({ locals }) {
          ;(await sessions.get(locals)).update('n', (n: number = 0) => n + count)
          return new Response('part')
        },
      })
      expect(inner.headers.getSetCookie()).toEqual([])
    }
    const response = await handle({
      event: eventOf('/'),
      async resolve({ locals }) {
        await Promise.all([part(1), part(10)])
        ;(await sessions.get(locals)).update('n', (n: number = 0) => n + 100)
        return new Response('page')
      },
    })
    expect((await savedBy(response)).get('n')).toBe(111)
  })

  it('gives a fetch of reroute, before there is a page, a session of its own', async () => {
    const response = await handle({
      event: eventOf('/api', {}, true),
      resolve: async ({ locals }) => Response.json((await sessions.get(locals)).set('a', 1).size),
    })
    expect((await savedBy(response)).get('a')).toBe(1)
  })

  it('saves what was written before redirect() is thrown in a hook', async () => {
    const response = await sent(eventOf('/login'), async ({ locals }) => {
      ;(await sessions.get(locals)).login('ada')
      throw new Redirect(303, '/account')
    })
    expect(response.headers.get('location')).toBe('/account')
    expect((await savedBy(response)).userId).toBe('ada')
  })

  describe('while SvelteKit prerenders', () => {
    const prerender = (status: number, use: (locals: object) => unknown) =>
      handle({
        event: eventOf('/about'),
        async resolve({ locals }) {
          await use(locals)
          const headers = { 'x-sveltekit-routeid': '/about' }
          return new Response(status === 204 ? null : 'page', { status, headers })
        },
      })

    it('refuses a page that uses a session: all visitors would get the same', async () => {
      const read = (locals: object) => sessions.get(locals)
      await expect(prerender(200, read)).rejects.toThrow(/prerenders this page/)
    })

    it('takes pages without a session, and those that are not prerendered', async () => {
      expect((await prerender(200, () => {})).status).toBe(200)
      expect((await prerender(204, (locals) => sessions.get(locals))).status).toBe(204)
    })
  })
})

describe('a redirect of a hook', () => {
  const signIn = async ({ locals, cookies }: Event): Promise<never> => {
    ;(await sessions.get(locals)).login('ada')
    cookies.set('theme', 'dark blue', { path: '/' })
    throw new Redirect(303, '/')
  }

  it.each(['/cart', '/cart/__data.json'])(
    'sends the session and the cookies of the app, for %s',
    async (path) => {
      const response = await sent(eventOf(path), signIn)
      const [theme, ours, ...rest] = response.headers.getSetCookie()
      expect(theme).toBe('theme=dark%20blue; Secure; HttpOnly; Path=/; SameSite=lax')
      expect((await sessions.open(ours!.split(';')[0])).userId).toBe('ada')
      expect(rest).toEqual([])
    },
  )

  it('sends the attributes of the session cookie, and no default of SvelteKit', async () => {
    const config = { SECRET_KEY: 'kit-of-hooks-e5c3a8f17d42b096', SESSION_COOKIE_HTTPONLY: false }
    const plain = createSessions(flask(config))
    const event = eventOf('/cart')
    const resolve = async ({ locals }: Event): Promise<Response> => {
      ;(await plain.get(locals)).set('a', 1)
      throw new Redirect(303, '/')
    }
    await expect(handleSessions(plain)({ event, resolve })).rejects.toBeInstanceOf(Redirect)
    expect(event.cookies.lines).toEqual([expect.stringMatching(/^session=[\w.-]+; Path=\/$/)])
  })

  it('sends the session after the page was rendered, when SvelteKit takes no cookies', async () => {
    const response = await sent(eventOf('/cart'), async (event) => {
      event.cookies.set = () => {
        throw new Error('Cannot use `cookies.set(...)` after the response has been generated')
      }
      ;(await sessions.get(event.locals)).login('ada')
      throw new Redirect(303, '/')
    })
    expect((await savedBy(response)).userId).toBe('ada')
  })

  it('is not sent if the session cannot be saved', async () => {
    const response = await sent(eventOf('/cart/__data.json'), async ({ locals }) => {
      ;(await sessions.get(locals)).set('big', randomBytes(9_000).toString('hex'))
      throw new Redirect(303, '/')
    })
    expect(response.status).toBe(500)
    expect(response.headers.getSetCookie()).toEqual([])
  })

  it('that caches may store stays private', async () => {
    const response = await sent(eventOf('/cart'), async ({ locals }) => {
      ;(await sessions.get(locals)).set('a', 1)
      throw new Redirect(308, '/')
    })
    expect([response.status, response.headers.get('cache-control')]).toEqual([308, 'private'])
    expect(response.headers.get('vary')).toBe('Cookie')
    expect((await savedBy(response)).get('a')).toBe(1)
  })

  it.each([
    ['without a session', '/cart', () => {}],
    [
      'as JSON',
      '/cart/__data.json',
      async (event: Event) => (await sessions.get(event.locals)).set('a', 1),
    ],
  ])('that is permanent sends the cookies of the app %s', async (_, path, use) => {
    const response = await sent(eventOf(path), async (event) => {
      await use(event)
      event.cookies.set('theme', 'dark', { path: '/' })
      throw new Redirect(308, '/')
    })
    expect(response.headers.getSetCookie()[0]).toMatch(/^theme=dark;/)
  })

  it('as a returned response sets the cookie when the browser navigates by script', async () => {
    const response = await sent(eventOf('/account/__data.json'), async ({ locals }) => {
      ;(await sessions.get(locals)).flash('Please sign in')
      return new Response(null, { status: 303, headers: { location: '/login' } })
    })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ type: 'redirect', status: 303, location: '/login' })
    expect(response.headers.get('cache-control')).toBe('private, no-store')
    expect(response.headers.has('location')).toBe(false)
    expect((await savedBy(response)).flashes()).toMatchObject([{ message: 'Please sign in' }])
  })
})

describe('loginRequired', () => {
  const visit = (event: Event, options = {}) =>
    sequence(loginRequired(sessions, options))(event, async () => new Response('account'))

  it('redirects to the sign-in page, which learns the page and not the address of its data', async () => {
    for (const path of [
      '/account?tab=2',
      '/account/__data.json?tab=2&x-sveltekit-invalidated=01',
    ]) {
      const response = await visit(eventOf(path), { redirect: '/login' })
      expect(response.status).toBe(303)
      expect(response.headers.get('location')).toBe('/login?next=%2Faccount%3Ftab%3D2')
    }
  })

  it('sends 401 with a text for visitors', async () => {
    const response = await visit(eventOf('/account'))
    expect(response.status).toBe(401)
    expect(await response.text()).toBe('Please sign in first.\n')
  })

  it('redirects a form with use:enhance, whose script reads JSON', async () => {
    const response = await visit(eventOf('/account', ENHANCED), { redirect: '/login' })
    expect([response.status, response.headers.has('location')]).toEqual([200, false])
    expect(await response.json()).toEqual({ type: 'redirect', status: 303, location: '/login' })
  })
})

describe('a form with use:enhance', () => {
  it('gets the refusal of the CSRF guard as the result of its action', async () => {
    const init = {
      method: 'POST',
      headers: { ...ENHANCED.headers, 'sec-fetch-site': 'cross-site' },
    }
    const response = await sequence(csrfGuard(sessions))(eventOf('/cart', init), async () => {
      throw new Error('reached')
    })
    expect(response.status).toBe(403)
    const { type, error } = (await response.json()) as Record<string, any>
    expect([type, error.status, error.message]).toEqual([
      'error',
      403,
      'This did not come from a page of this site. Please reload the page and try again.',
    ])
  })

  it('keeps the cookie, and what SvelteKit itself answers', async () => {
    const response = await handle({
      event: eventOf('/cart', ENHANCED),
      async resolve({ locals }) {
        ;(await sessions.get(locals)).set('a', 1)
        return Response.json({ type: 'success', status: 204 })
      },
    })
    expect(await response.json()).toEqual({ type: 'success', status: 204 })
    expect((await savedBy(response)).get('a')).toBe(1)
  })
})

describe('handleSessionErrors', () => {
  const seen: unknown[] = []
  const handleError = handleSessionErrors(({ error }: { error: unknown }) => void seen.push(error))

  it('tells visitors status and text of a session error, and logs nothing', () => {
    const error = new SessionError('ERR_NOT_SIGNED_IN')
    expect(handleError({ error })).toEqual({ status: 401, message: 'Please sign in first.' })
    expect(seen).toEqual([])
  })

  it('leaves every other error to the app, its own mistakes with sessions too', () => {
    const errors = [new Error('Boom'), new SessionError('ERR_UPDATE_ASYNC', 'cart')]
    for (const error of errors) expect(handleError({ error })).toBe(undefined)
    expect(seen).toEqual(errors)
  })
})

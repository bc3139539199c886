/** `proxy.ts` of Next: what the visitor and the page get. The long test runs it in Next. */

import { describe, expect, it } from 'vitest'
import { nextSessions, sessionProxy } from '../../src/adapters/next.ts'
import { createSessions, type Sessions } from '../../src/index.ts'
import { fakeClock } from '../../src/testing/testing.ts'

const secret = 'the-proxy-in-front-of-pages-7d10c52e98ab4f36'
const FLASHES = 'x-session-flashes'

/** As `NextResponse.next({ request: { headers } })` and `NextResponse.rewrite`. */
function goOn(sent?: Headers, own: Record<string, string> = { 'x-middleware-next': '1' }) {
  const headers = new Headers(own)
  for (const [name, value] of sent ?? []) headers.set(`x-middleware-request-${name}`, value)
  if (sent) headers.set('x-middleware-override-headers', [...sent.keys()].join(','))
  return new Response(null, { headers })
}

/** The headers that Next gives to the page. */
function headersOfPage({ headers }: Response, sent: Record<string, string>) {
  const names = headers.get('x-middleware-override-headers')
  if (!names) return new Headers(sent)
  const pairs = names.split(',').map((name) => [name, headers.get(`x-middleware-request-${name}`)])
  return new Headers(pairs as [string, string][])
}

async function shownBy(sent: Headers) {
  const cookies = async () => ({ get: () => undefined, set: () => undefined })
  const headers = async () => sent
  const sessions = createSessions({ secret })
  const shown = await nextSessions(sessions, { cookies, headers }).flashes()
  return shown.map(({ message }) => message)
}

function site(options: Parameters<typeof sessionProxy<Request>>[2] = {}) {
  const clock = fakeClock()
  const sessions: Sessions = createSessions({ secret, clock, lifetime: { idle: '1h' } })
  /** The headers with which Next goes on to the page. */
  const pages: Headers[] = []
  const proxy = sessionProxy(
    sessions,
    ({ request }) => {
      pages.push(request.headers)
      return goOn(request.headers)
    },
    options,
  )
  return {
    clock,
    sessions,
    pages,
    ask: (cookie: string, headers: Record<string, string> = {}, method = 'GET') =>
      proxy(new Request('https://shop.example/cart', { method, headers: { cookie, ...headers } })),
    /** What `flashes()` returns in the page. */
    shown: () => shownBy(pages.at(-1)!),
    async cookie(change = (session: any) => session.flash('Saved')) {
      const session = await sessions.open(null)
      change(session)
      return pairOf(await session.commit())
    },
  }
}

const pairOf = (headers: Headers) => headers.getSetCookie()[0]!.split(';')[0]!

describe('a page that shows flash messages, behind the proxy', () => {
  it('gets each message once', async () => {
    const { ask, shown, cookie, sessions, pages } = site()
    const first = await ask(await cookie())
    expect(await shown()).toEqual(['Saved'])
    const kept = pairOf(first.headers)
    expect((await sessions.open(kept)).flashes()).toEqual([])
    expect(pages[0]!.get('cookie')).toBe(kept)
    await ask(kept)
    expect(await shown()).toEqual([])
  })

  it('keeps its other cookies, and the response is stored by no cache', async () => {
    const { ask, cookie, pages } = site()
    const response = await ask(`theme=dark; ${await cookie()}; lang=en`)
    expect(pages[0]!.get('cookie')).toBe(`theme=dark; lang=en; ${pairOf(response.headers)}`)
    expect(response.headers.get('cache-control')).toBe('private, no-store')
  })

  it('gets one session cookie, however the browser separates cookies', async () => {
    const { ask, cookie, pages } = site()
    const sent = await cookie()
    const response = await ask(`theme=dark;${sent};lang=en;\t${sent}; `)
    expect(pages[0]!.get('cookie')).toBe(`theme=dark; lang=en; ${pairOf(response.headers)}`)
  })

  it.each([
    ['the browser prefetches it', { 'sec-purpose': 'prefetch' }, 'GET'],
    ['the router prefetches it', { rsc: '1', 'next-router-prefetch': '1' }, 'GET'],
    ['a form is sent', {}, 'POST'],
    ['only its headers are asked for', {}, 'HEAD'],
  ])('leaves the messages where they are when %s', async (_, headers, method) => {
    const { ask, shown, cookie } = site()
    const response = await ask(await cookie(), headers as Record<string, string>, method)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(await shown()).toEqual([])
  })

  it('makes the router load the document where Next does not say what is a prefetch', async () => {
    const { ask, cookie, pages } = site()
    const response = await ask(await cookie(), { 'next-url': '/' })
    expect([response.status, response.body]).toEqual([204, null])
    expect(response.headers.getSetCookie()).toEqual([])
    expect(pages).toEqual([])
  })

  it('makes the router load the document after a redirect of an action, whose cookies Next drops', async () => {
    const { ask, cookie } = site()
    const response = await ask(await cookie(), { rsc: '1', 'x-action-redirect': '/cart;push' })
    expect(response.status).toBe(204)
  })

  it('gets them by client-side navigation where Next says what is a prefetch', async () => {
    const { ask, shown, cookie } = site()
    const response = await ask(await cookie(), { rsc: '1', 'next-url': '/' })
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(await shown()).toEqual(['Saved'])
  })

  it('gets none if it says that it shows none', async () => {
    const { ask, cookie } = site({ showsFlashes: ({ url }) => !url.endsWith('/cart') })
    const response = await ask(await cookie())
    expect(response.headers.getSetCookie()).toEqual([])
  })

  it('gets text, also where a visitor sends messages of their own', async () => {
    const { ask, shown, pages } = site()
    const forged = encodeURIComponent('[["error","<b>forged</b>"]]')
    await ask('', { [FLASHES]: forged })
    expect(pages[0]!.has(FLASHES)).toBe(false)
    for (const text of [forged, '%', '[[1]]', '{}', 'null']) {
      pages.push(new Headers({ [FLASHES]: text }))
      expect(await shown()).toEqual(text === forged ? ['<b>forged</b>'] : [])
    }
  })
})

describe('a session behind the proxy', () => {
  it('is renewed by a page, and the page sees the renewed session', async () => {
    const { ask, cookie, clock, pages } = site()
    const old = await cookie((session) => session.login('ada'))
    clock.advance(30 * 60_000)
    const response = await ask(old)
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(pages[0]!.get('cookie')).toBe(pairOf(response.headers))
    expect(pages[0]!.get('cookie')).not.toBe(old)
  })

  it('is not renewed by what may be a prefetch', async () => {
    const { ask, cookie, clock } = site()
    const old = await cookie((session) => session.login('ada'))
    clock.advance(30 * 60_000)
    for (const headers of [{ 'next-url': '/' }, { 'sec-purpose': 'prefetch' }])
      expect((await ask(old, headers as never)).headers.getSetCookie()).toEqual([])
  })

  it('can be changed by the handler, before the page is rendered', async () => {
    const { ask, sessions, pages }: ReturnType<typeof site> = site({
      handler: async () => void (await sessions.current()).set('seen', true),
    })
    await ask('')
    expect((await sessions.open(pages[0]!.get('cookie'))).get('seen')).toBe(true)
  })

  it('is saved with the response of the handler, in place of the page', async () => {
    const { ask, sessions, pages }: ReturnType<typeof site> = site({
      async handler() {
        ;(await sessions.current()).set('seen', true)
        return Response.redirect('https://shop.example/welcome')
      },
    })
    const response = await ask('')
    expect(response.headers.get('location')).toBe('https://shop.example/welcome')
    expect((await sessions.open(pairOf(response.headers))).get('seen')).toBe(true)
    expect(pages).toEqual([])
  })

  it.each([
    ['a prefetch', 'GET', { 'sec-purpose': 'prefetch' }, 'Your session could not be saved'],
    ['a request of the router', 'GET', { 'next-url': '/' }, ''],
    ['a form', 'POST', {}, 'Your session could not be saved'],
  ])('is not changed by the handler for %s', async (_, method, headers, text) => {
    const { ask, sessions }: ReturnType<typeof site> = site({
      handler: async () => void (await sessions.current()).set('seen', true),
    })
    const response = await ask('', headers as never, method)
    expect(response.status).toBe(503)
    expect(response.headers.getSetCookie()).toEqual([])
    expect((await response.text()).startsWith(text)).toBe(true)
    expect(response.body === null).toBe(text === '')
  })
})

describe('a page that the handler of the proxy returns', () => {
  const forged = encodeURIComponent('[["error","forged"]]')
  const language = (request: Request) => {
    const headers = new Headers(request.headers)
    headers.set('x-language', 'en')
    return headers
  }
  const cases: [string, (request: Request) => Response][] = [
    ['as it is', () => goOn()],
    ['with headers', (request) => goOn(language(request))],
    [
      'for another address',
      (request) => goOn(language(request), { 'x-middleware-rewrite': 'https://shop.example/en' }),
    ],
  ]

  it.each(cases)('%s gets flash messages, and the new cookie', async (_, handler) => {
    const { ask, cookie, sessions } = site({ handler })
    const sent = { cookie: `theme=dark; ${await cookie()}`, [FLASHES]: forged }
    const response = await ask(sent.cookie, sent)
    const expected = handler(new Request('https://shop.example/', { headers: sent }))
    const page = headersOfPage(response, sent)
    expect(await shownBy(page)).toEqual(['Saved'])
    expect(page.get('cookie')).toBe(`theme=dark; ${pairOf(response.headers)}`)
    expect((await sessions.open(page.get('cookie'))).flashes()).toEqual([])
    expect(page.get('x-language')).toBe(headersOfPage(expected, sent).get('x-language'))
    for (const name of ['x-middleware-next', 'x-middleware-rewrite'])
      expect(response.headers.get(name)).toBe(expected.headers.get(name))
    expect(response.headers.get('cache-control')).toBe('private, no-store')
  })

  it.each(cases)('%s gets no messages that a visitor made up', async (_, handler) => {
    for (const method of ['GET', 'POST']) {
      const response = await site({ handler }).ask('', { [FLASHES]: forged }, method)
      expect(await shownBy(headersOfPage(response, { [FLASHES]: forged }))).toEqual([])
      expect(response.headers.get(`x-middleware-request-${FLASHES}`)).toBeNull()
    }
  })

  it('has no headers that the handler removed, and keeps the cookies that it set', async () => {
    const handler = (request: Request) => {
      const headers = language(request)
      headers.delete('x-secret')
      const response = goOn(headers)
      response.headers.append('set-cookie', 'NEXT_LOCALE=en')
      return response
    }
    const { ask, cookie } = site({ handler })
    const response = await ask(await cookie(), { 'x-secret': '1' })
    expect(headersOfPage(response, {}).has('x-secret')).toBe(false)
    expect(response.headers.getSetCookie()).toEqual(['NEXT_LOCALE=en', expect.anything()])
  })

  it('makes the router load the document where Next does not say what is a prefetch', async () => {
    const { ask, cookie } = site({ handler: () => goOn() })
    expect((await ask(await cookie(), { 'next-url': '/' })).status).toBe(204)
  })
})

/** Pages, server actions and route handlers of Next. The long test runs them in Next itself. */

import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import * as adapter from '../../src/adapters/next.ts'
import * as core from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { root } from '../package/repository.ts'
import { attributesOf, nextRequest } from './next-jar.ts'

const secret = 'pages-actions-and-handlers-2f8b6a1d0c97e354'
const options = { secret, cookie: { domain: 'shop.example', sameSite: 'Lax' } } as const
const sessions = core.createSessions<{ cart: string[] }>(options)

/** What Next's `redirect()`, `notFound()` and so on throw. */
const ofNext = (digest: string) => Object.assign(new Error(digest), { digest })

function redirect(path: string): never {
  throw ofNext(`NEXT_REDIRECT;replace;${path};307;`)
}

function request(cookie?: string, headers?: Record<string, string>) {
  const hand = nextRequest(cookie, headers)
  return { ...hand, ...adapter.nextSessions(sessions, { ...hand, redirect }) }
}

async function cookieOf(change: (session: core.Session<{ cart: string[] }>) => unknown) {
  const session = await sessions.open(null)
  change(session)
  return (await session.commit()).getSetCookie()[0]!.split(';')[0]!
}

const ada = await cookieOf((session) => session.login('ada'))
const sentBy = async ([line]: string[]) => sessions.open(line?.split(';')[0])

/** Sessions in a store that can become unavailable, and the cookie of one with a user. */
async function inStore() {
  const failure = { isAway: false }
  const memory = memoryStore()
  const verbs = Object.entries(memory).map(([name, verb]) => [
    name,
    typeof verb !== 'function' || name === 'backend'
      ? verb
      : (...args: never[]) => {
          if (failure.isAway) throw new Error('away')
          return (verb as (...args: never[]) => unknown).apply(memory, args)
        },
  ])
  const store = { ...Object.fromEntries(verbs), engine: 'Shared' } as typeof memory
  const stored = core.createSessions<{ cart: string[] }>({ ...options, store })
  const session = await stored.open(null)
  session.login('ada')
  return { stored, failure, cookie: (await session.commit()).getSetCookie()[0]!.split(';')[0]! }
}

describe('a page', () => {
  it('reads the session of the request, which is one object wherever it asks', async () => {
    const { get } = request(ada)
    expect((await get()).userId).toBe('ada')
    expect(await get()).toBe(await get())
  })

  it('is told where to write, if it writes', async () => {
    const session = await request(ada).get()
    expect(() => session.set('cart', [])).toThrow(
      /ERR_SESSION_READ_ONLY|server action or a route handler that is wrapped in withSessions/,
    )
  })

  it('finds the valid one of two cookies of the same name', async () => {
    const name = ada.split('=')[0]
    expect((await request(`${ada}; ${name}=forged`).get()).userId).toBe('ada')
    expect((await request(`${name}=forged; ${ada}`).get()).userId).toBe('ada')
  })

  it('for signed-in visitors only sends others to the sign-in page', async () => {
    const to = { redirect: '/login?next=%2Faccount' }
    expect((await request(ada).signedIn(to)).userId).toBe('ada')
    await expect(request().signedIn(to)).rejects.toThrow('replace;/login?next=%2Faccount;')
  })

  it('for signed-in visitors only has status 401 without a sign-in page', async () => {
    await expect(request().signedIn()).rejects.toMatchObject({
      code: 'ERR_NOT_SIGNED_IN',
      digest: 'NEXT_HTTP_ERROR_FALLBACK;401',
    })
  })

  it('that redirects needs the function of Next, and is told so', async () => {
    const { signedIn } = adapter.nextSessions(sessions, nextRequest())
    await expect(signedIn({ redirect: '/login' })).rejects.toThrow(
      'nextSessions(sessions, { cookies, headers, redirect })',
    )
  })
})

describe('a server action', () => {
  it('changes the session, with the attributes of the cookie', async () => {
    const { withSessions, get, lines } = request()
    const session = await sessions.open(null)
    session.login('ada')
    const [line] = (await session.commit()).getSetCookie()
    await withSessions(async () => (await get()).login('ada'))()
    const { value: _, ...attributes } = attributesOf(lines[0]!) as { value: string }
    const { value: __, ...expected } = attributesOf(line!) as { value: string }
    expect(attributes).toEqual(expected)
    expect((await sentBy(lines)).userId).toBe('ada')
  })

  it.each([
    ['redirects', 'NEXT_REDIRECT;push;/cart;303;'],
    ['finds nothing', 'NEXT_HTTP_ERROR_FALLBACK;404'],
    ['fails', 'an error of the app'],
  ])('that %s has saved the session', async (_, digest) => {
    const { withSessions, get, lines } = request()
    const action = withSessions(async () => {
      ;(await get()).login('ada')
      throw ofNext(digest)
    })
    await expect(action()).rejects.toMatchObject({ digest })
    expect((await sentBy(lines)).userId).toBe('ada')
  })

  it('that signs out leaves the page after it without a user', async () => {
    const { withSessions, get, cookies, headers } = request(ada)
    await withSessions(async () => (await get()).logout())()
    // Next gives the page another jar, with what the action has set, and the headers as they came.
    const { name } = sessions.describePolicy().cookie
    const value = (await cookies()).get(name)!.value
    const jar = { get: () => ({ value }), set: () => undefined }
    const page = adapter.nextSessions(sessions, { cookies: async () => jar, headers })
    expect((await page.get()).userId).toBeUndefined()
  })

  it('makes Next render the page anew, also if the cookie stays as it is', async () => {
    const { stored, cookie } = await inStore()
    const { cookies, headers, lines } = nextRequest(cookie)
    const { withSessions, get } = adapter.nextSessions(stored, { cookies, headers })
    await withSessions(async () => (await get()).set('cart', ['tea']))()
    expect(lines).toEqual(['sojourn-changed=; Max-Age=0; Path=/'])
  })

  it('that only reads a session in the cookie sets none', async () => {
    const { withSessions, get, lines } = request(ada)
    await withSessions(async () => (await get()).userId)()
    expect(lines).toEqual([])
  })

  it('that signs out clears the cookie, also if the store does not confirm it', async () => {
    const { stored, cookie, failure } = await inStore()
    const { cookies, headers, lines } = nextRequest(cookie)
    const { withSessions, get } = adapter.nextSessions(stored, { cookies, headers })
    const action = withSessions(async () => {
      ;(await get()).logout()
      failure.isAway = true
    })
    await expect(action()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    const { name } = stored.describePolicy().cookie
    expect(lines.map(attributesOf)).toMatchObject([{ name, value: '', maxAge: 0 }])
  })

  it('finds the session with sessions.current(), and passes its arguments and its result', async () => {
    const { withSessions } = request(ada)
    const action = withSessions(async (of: string, form: FormData) =>
      [of, form.get('item'), (await sessions.current()).userId].join(),
    )
    const form = new FormData()
    form.set('item', 'tea')
    expect(await action('state', form)).toBe('state,tea,ada')
  })

  it('that is not wrapped cannot write', async () => {
    const session = await request(ada).get()
    expect(() => session.logout()).toThrow('wrapped in withSessions()')
  })
})

describe('a guarded action', () => {
  const origin = 'https://shop.example'
  const cases: [string, Record<string, string>, boolean, boolean][] = [
    ['of this site', { host: 'shop.example', origin }, false, true],
    ['of another site', { 'sec-fetch-site': 'cross-site' }, true, false],
    ['with the token of the form', { 'sec-fetch-site': 'same-site' }, true, true],
    ['without a token, where the headers do not decide', {}, false, false],
  ]
  it.each(cases)('%s', async (_, headers, hasToken, passes) => {
    const { withSessions, csrfGuard } = request(ada, headers)
    const form = new FormData()
    if (hasToken) form.set('_csrf', (await sessions.open(ada)).csrfToken())
    const sent = withSessions(csrfGuard(async (_state: unknown, _form: FormData) => 'done'))(
      {},
      form,
    )
    if (passes) expect(await sent).toBe('done')
    else await expect(sent).rejects.toMatchObject({ digest: 'NEXT_HTTP_ERROR_FALLBACK;403' })
  })
})

const incoming = (init: RequestInit = {}) => new Request('https://shop.example/api', init)

describe('a guarded action or route handler, where the session was read before the guard', () => {
  const crossSite = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }

  it.each(['get', 'signedIn'] as const)('refuses a cross-site request after %s()', async (read) => {
    const { withSessions, csrfGuard, ...reads } = request(ada, crossSite)
    const guarded = csrfGuard(async (_asked: Request) => new Response('sent'))
    await reads[read]()
    const sent = incoming({ method: 'POST', headers: crossSite })
    await expect(guarded(sent)).rejects.toMatchObject({ code: 'ERR_CSRF' })
    await expect(withSessions(guarded)(sent)).rejects.toMatchObject({ code: 'ERR_CSRF' })
  })

  it('passes a request of its own site', async () => {
    const { get, csrfGuard } = request(ada, { 'sec-fetch-site': 'same-origin' })
    await get()
    expect(await csrfGuard(async () => 'done')()).toBe('done')
  })
})

describe('signedIn() without await', () => {
  type Reads = Parameters<ReturnType<typeof request>['signedIn']>[0]
  const cases: [string, Reads, number, string][] = [
    ['that throws', {}, 401, 'NEXT_HTTP_ERROR_FALLBACK;401'],
    ['that redirects', { redirect: '/login' }, 307, 'NEXT_REDIRECT;replace;/login;307;'],
  ]

  it.each(cases)('%s holds in a route handler', async (_, options, status) => {
    const { withSessions, signedIn } = request()
    const handler = withSessions<[Request], Response>(async () => {
      void signedIn(options)
      return new Response('secret')
    })
    const response = await handler(incoming())
    expect(response.status).toBe(status)
    expect(await response.text()).not.toContain('secret')
  })

  it.each(cases)('%s holds in an action', async (_, options, __, digest) => {
    const { withSessions, get, signedIn, lines } = request()
    const action = withSessions(async () => {
      void signedIn(options)
      ;(await get()).set('cart', ['secret'])
      return 'secret'
    })
    await expect(action()).rejects.toMatchObject({ digest })
    expect(lines).toEqual([])
  })

  it('lets those pass who are signed in', async () => {
    const { withSessions, signedIn } = request(ada)
    const handler = withSessions<[Request], Response>(async () => {
      void signedIn()
      return new Response('hers')
    })
    const response = await handler(incoming({ headers: { cookie: ada } }))
    expect(await response.text()).toBe('hers')
  })
})

it('signedIn() may be awaited and handled by the handler', async () => {
  const { withSessions, signedIn } = request()
  const handler = withSessions<[Request], Response>(async () => {
    const name = await signedIn().then(
      ({ userId }) => userId,
      () => 'a guest',
    )
    return new Response(name)
  })
  expect(await (await handler(incoming())).text()).toBe('a guest')
})

it('signedIn() that redirects sends a route handler to the sign-in page, and saves the session', async () => {
  const { withSessions, signedIn, get } = request()
  const handler = withSessions<[Request], Response>(async () => {
    ;(await get()).set('cart', ['tea'])
    return Response.json(await signedIn({ redirect: '/login' }))
  })
  const response = await handler(incoming())
  expect([response.status, response.headers.get('location')]).toEqual([307, '/login'])
  expect((await sentBy(response.headers.getSetCookie())).get('cart')).toEqual(['tea'])
})

describe('a page that is prefetched', () => {
  it('reads, and is told where to write', async () => {
    for (const headers of [{ 'sec-purpose': 'prefetch' }, { 'next-router-prefetch': '1' }]) {
      const session = await request(ada, headers as Record<string, string>).get()
      expect(session.userId).toBe('ada')
      expect(() => session.set('cart', [])).toThrow('wrapped in withSessions()')
    }
  })
})

describe('a route handler', () => {
  it('finds one session by the request, the jar and current(), and changes it', async () => {
    const { withSessions, get } = request()
    const handler = withSessions(async (asked: Request, { params }: { params: object }) => {
      const session = await get()
      session.set('cart', ['tea'])
      const same = [await sessions.get(asked), await sessions.current()]
      return Response.json({ same: same.every((each) => each === session), params })
    })
    const response = await handler(incoming(), { params: { id: '7' } })
    expect(await response.json()).toEqual({ same: true, params: { id: '7' } })
    expect((await sentBy(response.headers.getSetCookie())).get('cart')).toEqual(['tea'])
  })

  it('has saved the session when it redirects', async () => {
    const { withSessions, get } = request()
    const handler = withSessions<[Request], Response>(async () => {
      ;(await get()).login('ada')
      return redirect('/cart')
    })
    const response = await handler(incoming())
    expect([response.status, response.headers.get('location')]).toEqual([307, '/cart'])
    expect((await sentBy(response.headers.getSetCookie())).userId).toBe('ada')
  })

  it('sends 401 and 403 as responses', async () => {
    const { withSessions, signedIn } = request()
    const account = withSessions<[Request], Response>(async () => Response.json(await signedIn()))
    expect((await account(incoming())).status).toBe(401)
    const { withSessions: wrap, csrfGuard } = request()
    const send = wrap<[Request], Response>(csrfGuard(async () => new Response('sent')))
    const headers = { 'sec-fetch-site': 'cross-site' }
    expect((await send(incoming({ method: 'POST', headers }))).status).toBe(403)
  })
})

describe('what cannot work in Next', () => {
  it('is refused at start-up: a store in memory, of which each part of an app would have its own', () => {
    const inMemory = core.createSessions({ secret, store: memoryStore() })
    const refusal = expect.objectContaining({
      code: 'ERR_OPTION_INVALID',
      message: expect.stringMatching(/memoryStore\(\), even in development.*sqliteStore/),
    })
    expect(() => adapter.nextSessions(inMemory, nextRequest())).toThrow(refusal)
    expect(() => adapter.sessionProxy(inMemory, () => new Response())).toThrow(refusal)
  })

  it.each(['sojourn', 'sojourn/next'])(
    'is refused at import: %s in the Edge runtime, with the name of the file that works',
    async (name) => {
      const names = Object.keys(name === 'sojourn' ? core : adapter).join(', ')
      const file = `${root}/src/adapters/next/edge.ts`
      const { outputFiles } = await build({
        stdin: { contents: `import { ${names} } from '${name}'; console.log(${names})` },
        // As the export condition `edge-light` in package.json.
        alias: { [name]: file },
        bundle: true,
        write: false,
        format: 'esm',
      })
      const code = encodeURIComponent(outputFiles[0]!.text)
      await expect(import(/* @vite-ignore */ `data:text/javascript,${code}`)).rejects.toThrow(
        'Rename middleware.ts to proxy.ts',
      )
    },
  )
})

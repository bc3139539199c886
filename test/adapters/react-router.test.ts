import { randomBytes } from 'node:crypto'
import {
  type MiddlewareFunction,
  redirect,
  UNSAFE_ErrorResponseImpl as RouteError,
} from 'react-router'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { csrfGuard, loginRequired, sessionMiddleware } from '../../src/adapters/react-router.ts'
import { createSessions } from '../../src/index.ts'
import { appOf, dataOf, type TestRoute } from './react-router-app.ts'

const sessions = createSessions({ secret: 'routes-of-an-app-7b1e5c90d2f4a836' })
const mounted: TestRoute = { middleware: [sessionMiddleware(sessions)] }

/** The session that a response saved. */
async function savedBy(response: Response) {
  const lines = response.headers.getSetCookie()
  expect(lines).toHaveLength(1)
  return sessions.open(lines[0]!.split(';')[0])
}

const FORM = {
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
}

it('has the types of a route module', () => {
  expectTypeOf(sessionMiddleware(sessions)).toExtend<MiddlewareFunction<Response>>()
  expectTypeOf(csrfGuard(sessions)).toExtend<MiddlewareFunction<Response>>()
  expectTypeOf(loginRequired(sessions)).toExtend<MiddlewareFunction<Response>>()
})

describe('a page of React Router', () => {
  it('has one session in loaders that run concurrently, which is saved once', async () => {
    const count = async ({ context }: { context: object }) => {
      const session = await sessions.get(context)
      return session.update('loaders', (n: number = 0) => n + 1)
    }
    const { send } = appOf({ ...mounted, loader: count }, { cart: { loader: count } })
    const response = await send('/cart')
    expect(await response.text()).toContain('<p>2</p>')
    expect((await savedBy(response)).get('loaders')).toBe(2)
    expect((await savedBy(await send('/cart.data'))).get('loaders')).toBe(2)
  })

  it('finds the session without the context, too', async () => {
    const loader = async () => (await sessions.current()).set('found', true).size
    const { send } = appOf(mounted, { cart: { loader } })
    expect((await savedBy(await send('/cart'))).get('found')).toBe(true)
  })

  it('saves what an action wrote before it redirects, returned or thrown', async () => {
    const login = (leave: (response: Response) => Response) =>
      appOf(mounted, {
        login: {
          async action({ context }) {
            ;(await sessions.get(context)).login('ada')
            return leave(redirect('/account'))
          },
        },
      })
    const returned = await login((response) => response).send('/login', FORM)
    expect(returned.headers.get('location')).toBe('/account')
    expect((await savedBy(returned)).userId).toBe('ada')
    const { send } = login((response) => {
      throw response
    })
    expect((await savedBy(await send('/login', FORM))).userId).toBe('ada')
    const inBrowser = await send('/login.data', FORM)
    expect((await savedBy(inBrowser)).userId).toBe('ada')
    expect(await dataOf(inBrowser)).toMatchObject({ redirect: '/account', revalidate: true })
  })

  it('saves what was written before an error', async () => {
    const { send, logged } = appOf(mounted, {
      cart: {
        async loader({ context }) {
          ;(await sessions.get(context)).set('seen', true)
          throw new Error('Boom')
        },
      },
    })
    const response = await send('/cart')
    expect(response.status).toBe(500)
    expect((await savedBy(response)).get('seen')).toBe(true)
    expect(logged).toMatchObject([{ message: 'Boom' }])
  })

  it('refuses a write while the page is streamed, when no cookie can be set', async () => {
    let streamed!: Promise<unknown>
    const { send } = appOf(mounted, {
      cart: {
        async loader({ context }) {
          const session = await sessions.get(context)
          session.set('shown', 1)
          streamed = new Promise((resolve) => setImmediate(resolve)).then(() =>
            session.set('late', 1),
          )
          return { streamed }
        },
      },
    })
    const response = await send('/cart.data')
    expect((await savedBy(response)).get('shown')).toBe(1)
    const data = await dataOf(response)
    await expect(streamed).rejects.toMatchObject({ code: 'ERR_SESSION_COMMITTED' })
    await expect(data.cart.data.streamed).rejects.toThrow(/^Unexpected Server Error$/)
  })

  it('may be prefetched if it only reads; else the browser asks again', async () => {
    const { send } = appOf(mounted, {
      reads: { loader: async ({ context }) => (await sessions.get(context)).size },
      writes: { loader: async ({ context }) => (await sessions.get(context)).set('a', 1).size },
    })
    const prefetch = { headers: { 'sec-purpose': 'prefetch' } }
    expect((await send('/reads.data?_routes=reads', prefetch)).status).toBe(200)
    const refused = await send('/writes.data?_routes=writes', prefetch)
    expect(refused.status).toBe(503)
    expect(refused.headers.getSetCookie()).toEqual([])
  })

  it('whose session cannot be saved is an error with a text for visitors', async () => {
    const { send } = appOf(mounted, {
      cart: {
        loader: async ({ context }) =>
          (await sessions.get(context)).set('a', randomBytes(5000).toString('hex')).size,
      },
    })
    for (const path of ['/cart', '/cart.data']) {
      const response = await send(path)
      expect(response.status).toBe(500)
      // Without this header React Router's script takes status and text for the error boundary.
      expect(response.headers.has('x-remix-response')).toBe(false)
      expect(await response.text()).toBe('Your session could not be saved. Please try again.\n')
    }
  })
})

describe('a visitor who is not signed in', () => {
  const guarded = { loader: async ({ context }: { context: object }) => sessions.signedIn(context) }
  const { send, logged } = appOf(mounted, {
    account: guarded as TestRoute,
    api: { ...guarded, isResource: true } as TestRoute,
  })

  it('gets the error boundary with status 401 and a text for visitors, in production', async () => {
    const response = await send('/account')
    expect(response.status).toBe(401)
    const html = await response.text()
    expect(html).toContain('<h1>401 Unauthorized: Please sign in first.')
    expect(html).not.toMatch(/SessionError|ERR_|Redirect to the sign-in page|node_modules/)
  })

  it('gets the same from a navigation in the browser', async () => {
    const response = await send('/account.data')
    expect(response.status).toBe(401)
    const copy = await response.clone().text()
    expect(copy).not.toMatch(/SessionError|ERR_|Redirect to the sign-in page|node_modules/)
    const { error } = (await dataOf(response)).account
    expect(error).toBeInstanceOf(RouteError)
    expect(error).toMatchObject({ status: 401, data: 'Please sign in first.\n' })
  })

  it('gets status 401 from a resource route', async () => {
    const response = await send('/api')
    expect(response.status).toBe(401)
    expect(await response.text()).not.toMatch(/SessionError|ERR_|Redirect to the sign-in page/)
  })

  it('is no error in the log', () => {
    expect(logged.filter((error) => !(error instanceof RouteError))).toEqual([])
  })

  it('is redirected to the sign-in page, also by a navigation in the browser', async () => {
    const { send } = appOf(mounted, {
      account: {
        middleware: [loginRequired(sessions, { redirect: '/login' })],
        ...guarded,
      } as never,
    })
    const response = await send('/account?tab=2')
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('/login?next=%2Faccount%3Ftab%3D2')
    const inBrowser = await send('/account.data?tab=2&_routes=account')
    const [redirection] = Object.getOwnPropertySymbols(await dataOf(inBrowser.clone()))
    expect((await dataOf(inBrowser))[redirection!]).toMatchObject({
      redirect: '/login?next=%2Faccount%3Ftab%3D2',
    })
  })
})

describe('a form of another site', () => {
  const { send } = appOf(
    { middleware: [sessionMiddleware(sessions), csrfGuard(sessions)] },
    {
      cart: { action: async ({ context }) => (await sessions.get(context)).set('a', 1).size },
      logout: { action: async () => new Response('done'), isResource: true },
    },
  )
  const forged = (path: string) =>
    send(path, {
      ...FORM,
      headers: { ...FORM.headers, 'sec-fetch-site': 'cross-site' },
      body: 'a=1',
    })

  it('is refused with status 403 in the error boundary', async () => {
    const response = await forged('/cart')
    expect(response.status).toBe(403)
    expect(await response.text()).toContain('<h1>403 Forbidden: This did not come from a page of')
    expect(response.headers.getSetCookie()).toEqual([])
    expect((await forged('/cart.data')).status).toBe(403)
    expect((await forged('/logout')).status).toBe(403)
  })

  it('is told from one of this site by the token, which is a field of the form', async () => {
    const session = await sessions.open('')
    session.set('a', 1)
    const cookie = (await session.commit()).getSetCookie()[0]!.split(';')[0]!
    const send403 = (token: string) =>
      send('/logout', {
        method: 'POST',
        headers: { cookie, 'content-type': FORM.headers['content-type'] },
        body: `_csrf=${token}`,
      })
    expect((await send403(session.csrfToken())).status).toBe(200)
    expect((await send403('forged')).status).toBe(403)
  })
})

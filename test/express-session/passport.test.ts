import { describe, expect, test } from 'vitest'
import { servePassportApp, serveProvider } from './passport-app.ts'
import { browser } from './site.ts'
import { WORLDS } from './worlds.ts'

const ann = { username: 'ann', password: 'right' }

const CASES = WORLDS.flatMap((world) => [4, 5].map((major) => [world.name, major, world] as const))

describe.each(CASES)('Passport on %s with Express %d', (_name, major, world) => {
  const visit = async (provider?: string) => {
    const app = await servePassportApp(major, await world.middleware(), provider)
    const visitor = browser(app)
    const home = async () => JSON.parse((await visitor.get('/')).text)
    /** Follows the redirects of an answer. */
    const follow = async (path: string) => {
      let answer = await visitor.get(path)
      while (answer.headers.location) answer = await to(answer.headers.location)
      return answer
    }
    const to = (location: string) => {
      const { origin, pathname, search } = new URL(location, app.origin)
      return origin === app.origin
        ? visitor.get(pathname + search)
        : browser({ origin }).get(pathname + search)
    }
    return { ...visitor, home, follow, to, app }
  }

  test('signs a visitor in and out', async () => {
    const { get, post, home } = await visit()
    expect(await home()).toMatchObject({ signedIn: false })
    expect(await post('/login', ann)).toMatchObject({ status: 302, headers: { location: '/' } })
    expect(await home()).toMatchObject({ user: 'ann', signedIn: true })
    expect((await get('/private')).text).toBe('private')
    expect(await post('/logout')).toMatchObject({ status: 302, headers: { location: '/' } })
    expect(await home()).toMatchObject({ signedIn: false })
    expect(await post('/login', { ...ann, username: 'bob' })).toMatchObject({ status: 302 })
    expect(await home()).toMatchObject({ user: 'bob', signedIn: true })
  })

  test('says that a password is wrong, once', async () => {
    const { get, post, home } = await visit()
    const answer = await post('/login', { ...ann, password: 'wrong' })
    expect(answer).toMatchObject({ status: 302, headers: { location: '/login' } })
    expect(JSON.parse((await get('/login')).text)).toEqual(['Wrong password.'])
    expect(JSON.parse((await get('/login')).text)).toEqual([])
    expect(await home()).toMatchObject({ signedIn: false })
  })

  test('gives a new session id at login and at logout: a planted cookie is worth nothing', async () => {
    const { get, post, home, jar, app } = await visit()
    await get('/cart')
    const planted = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const before = await home()
    await post('/login', ann)
    const after = await home()
    expect(after.id).not.toBe(before.id)
    const signedIn = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    expect(signedIn).not.toBe(planted)
    const attacker = await browser(app).get('/', { cookie: planted })
    expect(JSON.parse(attacker.text)).toMatchObject({ signedIn: false })
    await post('/logout')
    expect((await home()).id).not.toBe(after.id)
  })

  test('starts with an empty session at login and at logout', async () => {
    const { get, post, home } = await visit()
    await get('/cart')
    await post('/login', ann)
    expect(await home()).not.toHaveProperty('cart')
    await get('/cart')
    await post('/logout')
    expect(await home()).toMatchObject({ signedIn: false })
    expect(await home()).not.toHaveProperty('cart')
  })

  test('keeps what the session holds, with `keepSessionInfo`', async () => {
    const { get, post, home } = await visit()
    await get('/cart')
    const before = await home()
    await post('/login/keep', ann)
    expect(await home()).toMatchObject({ user: 'ann', cart: ['tea'] })
    await get('/cart')
    expect(await home()).toMatchObject({ user: 'ann', cart: ['tea', 'tea'] })
    const during = await home()
    await post('/logout/keep')
    const after = await home()
    expect(after).toMatchObject({ signedIn: false, cart: ['tea', 'tea'] })
    expect(new Set([before.id, during.id, after.id]).size).toBe(3)
  })

  test('sends a visitor back to the page that asked for a login', async () => {
    const { get, post, home } = await visit()
    expect((await get('/private')).headers.location).toBe('/login')
    expect((await post('/login/keep', ann)).headers.location).toBe('/private')
    expect((await get('/private')).text).toBe('private')
    expect(await home()).not.toHaveProperty('returnTo')
  })

  test('without a session knows a user for one request', async () => {
    const { post, home } = await visit()
    expect(JSON.parse((await post('/login/once', ann)).text)).toEqual({ user: 'ann' })
    expect(await home()).toMatchObject({ signedIn: false })
  })

  describe.each([
    ['oauth', 'ann'],
    ['pkce', 'ann-by-pkce'],
  ])('by OAuth 2: %s', (strategy, user) => {
    test('signs in whoever the provider sends back', async () => {
      const { follow, home } = await visit(await serveProvider())
      const { status, text } = await follow(`/${strategy}`)
      expect([status, JSON.parse(text)]).toMatchObject([200, { user, signedIn: true }])
      expect(await home()).toMatchObject({ user })
    })

    test('accepts a state once, and in the browser that it was given to', async () => {
      const { get, to, post, home, app } = await visit(await serveProvider())
      const there = (await get(`/${strategy}`)).headers.location!
      const back = (await to(there)).headers.location!
      const stranger = browser(app)
      const { pathname, search } = new URL(back)
      expect((await stranger.get(pathname + search)).headers.location).toBe('/login')
      expect(JSON.parse((await stranger.get('/')).text)).toMatchObject({ signedIn: false })

      expect((await to(back)).headers.location).toBe('/')
      expect(await home()).toMatchObject({ user })
      await post('/logout')
      expect((await to(back)).headers.location).toBe('/login')
      expect(await home()).toMatchObject({ signedIn: false })
    })

    test('refuses a state that was not given', async () => {
      const { get, to, home } = await visit(await serveProvider())
      const there = new URL((await get(`/${strategy}`)).headers.location!)
      there.searchParams.set('state', 'forged')
      expect((await to((await to(there.href)).headers.location!)).headers.location).toBe('/login')
      expect(JSON.parse((await get('/login')).text)).toEqual([
        'Invalid authorization request state.',
      ])
      expect(await home()).toMatchObject({ signedIn: false })
    })
  })

  test('connect-flash shows each message once, after a redirect', async () => {
    const { follow, get } = await visit()
    expect(JSON.parse((await follow('/flash')).text)).toEqual([
      ['Hello Ann, 2 items', 'again'],
      [],
      { list: ['a', 'b'] },
    ])
    expect(JSON.parse((await get('/flashes')).text)).toEqual({})
  })
})

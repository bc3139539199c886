import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { expect, onTestFinished, test } from 'vitest'
import { startExample } from './start.ts'
import { type Visitor, visitor } from './visitor.ts'

/** A browser, whose forms are of the recipe's own pages. */
function browser(origin: string): Pick<Visitor, 'get' | 'post' | 'cookies'> {
  const { send, get, cookies } = visitor(origin)
  const headers = { 'sec-fetch-site': 'same-origin' }
  return {
    cookies,
    get,
    post: (path, fields = {}) =>
      send(path, { method: 'POST', headers, body: new URLSearchParams(fields) }),
  }
}

/** An authorization server: one client, one user, PKCE required. */
async function startProvider(): Promise<string> {
  const challenges = new Map<string, string>()
  const app = express()
  app.use(express.urlencoded())
  app.get('/authorize', (req, res) => {
    const query = req.query as Record<string, string>
    expect(query).toMatchObject({ response_type: 'code', code_challenge_method: 'S256' })
    const code = `code-${challenges.size}`
    challenges.set(code, query['code_challenge']!)
    res.redirect(`${query['redirect_uri']}?code=${code}&state=${query['state']}`)
  })
  app.post('/token', (req, res) => {
    const { code, code_verifier } = req.body as Record<string, string>
    const challenge = createHash('sha256').update(code_verifier!).digest('base64url')
    if (challenges.get(code!) !== challenge) return res.sendStatus(400)
    res.json({ user_id: 'ada' })
  })
  const server = app.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('recipes/oauth.ts signs in with a provider, and takes no state twice nor of another browser', async () => {
  const provider = await startProvider()
  const origin = await startExample('recipes/oauth', { PROVIDER: provider })
  const callbackFor = async (someone: Pick<Visitor, 'get'>) => {
    const { location } = await someone.get('/login?next=/?from=login')
    const response = await fetch(location!, { redirect: 'manual' })
    const { pathname, search } = new URL(response.headers.get('location')!)
    return pathname + search
  }
  const ada = browser(origin)
  const callback = await callbackFor(ada)
  expect((await browser(origin).get(callback)).status).toBe(400)
  expect((await ada.get(callback)).location).toBe('/?from=login')
  expect((await ada.get('/')).text).toBe('Signed in: ada.')
  expect((await ada.get(callback)).status).toBe(400)

  const mallory = browser(origin)
  await mallory.get('/login')
  expect((await mallory.get(await callbackFor(ada))).status).toBe(400)
  expect((await mallory.get('/')).text).toBe('Signed in: nobody.')
})

test('recipes/guest-cart.ts joins the cart of a visitor with the one that was saved', async () => {
  const ada = browser(await startExample('recipes/guest-cart'))
  await ada.post('/cart', { item: 'cup' })
  await ada.post('/cart', { item: 'cup' })
  await ada.post('/login')
  expect(JSON.parse((await ada.get('/')).text)).toEqual({ tea: 1, cup: 2 })
  await ada.post('/logout')
  expect(JSON.parse((await ada.get('/')).text)).toEqual({})
  await ada.post('/login')
  expect(JSON.parse((await ada.get('/')).text)).toEqual({ tea: 1, cup: 2 })
})

test('recipes/steps.ts asks for what is missing, and orders once', async () => {
  const ada = browser(await startExample('recipes/steps'))
  expect((await ada.get('/order')).text).toContain('action="/order/name"')
  await ada.post('/order/name', { value: 'Ada' })
  expect((await ada.get('/order')).text).toContain('action="/order/address"')
  expect((await ada.post('/order')).location).toBe('/order')
  await ada.post('/order/address', { value: 'London' })
  await ada.post('/order/payment', { value: 'invoice' })
  expect((await ada.get('/order')).location).toBe('/order/summary')
  const summary = { name: 'Ada', address: 'London', payment: 'invoice' }
  expect(JSON.parse((await ada.get('/order/summary')).text)).toEqual(summary)
  expect((await ada.post('/order/shoes', { value: '40' })).status).toBe(404)
  expect((await ada.post('/order')).location).toBe('/')
  expect((await ada.get('/')).text).toBe('Thank you for your order.')
  expect((await ada.post('/order')).location).toBe('/order')
})

test('recipes/new-password.ts signs out every other browser, and a copy of the cookie', async () => {
  const origin = await startExample('recipes/new-password')
  const [here, there, copy] = [browser(origin), browser(origin), browser(origin)]
  expect((await here.post('/password')).status).toBe(401)
  await here.post('/login')
  await there.post('/login')
  for (const [name, value] of here.cookies) copy.cookies.set(name, value)
  expect((await here.post('/password')).status).toBe(303)
  expect((await here.get('/')).text).toBe('Signed in: ada.')
  expect((await there.get('/')).text).toBe('Signed in: nobody.')
  expect((await copy.get('/')).text).toBe('Signed in: nobody.')
})

test('recipes/one-session.ts signs the first device out when a second one signs in', async () => {
  const origin = await startExample('recipes/one-session')
  const [first, second] = [browser(origin), browser(origin)]
  await first.post('/login')
  expect((await first.get('/')).text).toBe('Signed in: ada.')
  await second.post('/login')
  expect((await second.get('/')).text).toBe('Signed in: ada.')
  expect((await first.get('/')).text).toBe('Signed in: nobody.')
})

test('recipes/view-as.ts shows staff the site as a customer, and nobody else', async () => {
  const origin = await startExample('recipes/view-as')
  const [grace, eve] = [browser(origin), browser(origin)]
  await grace.post('/login', { name: 'grace' })
  await eve.post('/login', { name: 'eve' })
  await grace.post('/view-as', { customer: 'ada' })
  expect((await grace.get('/')).text).toBe('grace views as ada.')
  expect((await eve.post('/view-as', { customer: 'ada' })).status).toBe(403)
  await grace.post('/view-as/end')
  expect((await grace.get('/')).text).toBe('Signed in: grace.')
})

test('recipes/subdomains.ts sets a cookie for all hosts below the domain', async () => {
  const origin = await startExample('recipes/subdomains', { COOKIE_DOMAIN: 'shop.test' })
  const ada = browser(origin)
  const { headers } = await ada.post('/login')
  expect(headers.getSetCookie()).toEqual([expect.stringMatching(/; Domain=shop\.test(;|$)/)])
  expect((await ada.get('/')).text).toBe('Signed in: ada.')
})

test.for(['guest-cart', 'one-session', 'subdomains', 'new-password', 'view-as'])(
  'recipes/%s.ts signs nobody in by a form of another site',
  async (name) => {
    const origin = await startExample(`recipes/${name}`, { COOKIE_DOMAIN: 'shop.test' })
    const headers = { 'sec-fetch-site': 'cross-site' }
    const body = new URLSearchParams({ name: 'ada' })
    const { status } = await fetch(`${origin}/login`, { method: 'POST', headers, body })
    expect(status).toBe(403)
  },
)

test('every recipe has a test', () => {
  const recipes = readdirSync(new URL('../../examples/recipes', import.meta.url))
  expect(recipes.sort()).toEqual([
    'guest-cart.ts',
    'new-password.ts',
    'oauth.ts',
    'one-session.ts',
    'steps.ts',
    'subdomains.ts',
    'view-as.ts',
  ])
})

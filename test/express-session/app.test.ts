import { beforeAll, describe, expect, test } from 'vitest'
import { browser } from './site.ts'
import { type App, RUNS, startApp } from './start-app.ts'

const ada = { name: 'ada', password: 'lovelace' }

const all = (html: string, pattern: RegExp) => [...html.matchAll(pattern)].map(([, text]) => text)
const one = (html: string, id: string) => new RegExp(`id="${id}">([^<]*)<`).exec(html)?.[1]
const flashes = (html: string) => all(html, /class="flash">([^<]*)</g)

describe.each(RUNS)('an app written for express-session, on %s with %s', (library, store) => {
  let app: App
  beforeAll(async () => {
    app = await startApp(library, store)
  })

  test('counts views, and tells how long the session lasts', async () => {
    const { get } = browser(app)
    await get()
    const { text } = await get()
    expect(one(text, 'views')).toBe('Views: 2')
    // In seconds, as of this moment: a busy machine takes its time for the two requests.
    expect(Math.abs(3600 - Number(one(text, 'expires')))).toBeLessThan(1800)
  })

  test('signs in under a new id, keeps the cart, and greets once', async () => {
    const { get, post } = browser(app)
    await post('/cart', { item: 'tea' })
    const before = one((await get('/cart')).text, 'sid')
    expect((await post('/login', { ...ada, password: 'x' })).headers.location).toBe('/')
    expect(flashes((await get()).text)).toEqual(['Wrong name or password'])
    await post('/login', ada)
    const { text } = await get()
    expect(flashes(text)).toEqual(['Welcome, ada'])
    expect(one(text, 'who')).toBe('Signed in as ada')
    expect(one(text, 'sid')).not.toBe(before)
    expect(flashes((await get()).text)).toEqual([])
    await post('/cart', { item: 'tea' })
    const cart = (await get('/cart')).text
    expect(all(cart, /<li>([^<]*)</g)).toEqual(['tea: 2'])
    expect(flashes(cart)).toEqual(['Added tea'])
  })

  test('regenerates: a new id, and the old cookie is worth nothing', async () => {
    const { get, post, jar } = browser(app)
    await post('/login', ada)
    const old = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const before = one((await get()).text, 'sid')
    await post('/privilege')
    const { text } = await get()
    expect([one(text, 'who'), flashes(text)]).toEqual(['Signed in as ada', ['Renewed']])
    expect(one(text, 'sid')).not.toBe(before)
    if (store === 'cookie') return
    const thief = await browser(app).get('/', { cookie: old })
    expect(one(thief.text, 'who')).toBe('Not signed in')
  })

  test('signs out', async () => {
    const { get, post, jar } = browser(app)
    await post('/login', ada)
    expect(one((await get('/account')).text, 'secret')).toBe('The account of ada')
    const old = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    await post('/logout')
    expect((await get('/account')).headers.location).toBe('/')
    expect(one((await get()).text, 'who')).toBe('Not signed in')
    if (store === 'cookie') return
    expect((await browser(app).get('/account', { cookie: old })).headers.location).toBe('/')
  })
})

import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createSessions } from '../../src/index.ts'
import { ask, open, opened } from '../adapters/upgrade-site.ts'
import { SECRET, startExample } from './start.ts'
import { visitor } from './visitor.ts'

const ADA = { name: 'ada', password: 'engine-1843' }

describe.each(['visits', 'node-http'])('examples/%s.ts', (name) => {
  test('counts the visits of each visitor', async () => {
    const origin = await startExample(name)
    const first = visitor(origin)
    const second = visitor(origin)
    expect((await first.get('/')).text).toBe('You have been here 1 times.')
    expect((await first.get('/')).text).toBe('You have been here 2 times.')
    expect((await second.get('/')).text).toBe('You have been here 1 times.')
    expect((await first.get('/')).text).toBe('You have been here 3 times.')
  })
})

test('examples/login.ts lets in who knows the password, and nobody after signing out', async () => {
  const ada = visitor(await startExample('login'))
  expect((await ada.get('/')).location).toBe('/login')
  expect((await ada.get('/login')).text).toContain('<form')
  expect((await ada.post('/login', { ...ADA, password: 'engine-1844' })).status).toBe(401)
  expect((await ada.post('/login', { ...ADA, name: 'grace' })).status).toBe(401)
  expect((await ada.post('/login')).status).toBe(401)
  expect((await ada.get('/')).location).toBe('/login')
  expect((await ada.post('/login', ADA)).location).toBe('/')
  expect((await ada.get('/')).text).toContain('Hello ada.')
  expect((await ada.post('/logout')).location).toBe('/login')
  expect((await ada.get('/')).location).toBe('/login')
  expect(ada.cookies.size).toBe(0)
})

test('examples/devices.ts lists where a user is signed in, and signs out elsewhere', async () => {
  const origin = await startExample('devices')
  const [here, there] = [visitor(origin), visitor(origin)]
  await here.post('/login')
  await there.post('/login')
  const devices = JSON.parse((await here.get('/')).text) as { isCurrent: boolean }[]
  expect(devices.map(({ isCurrent }) => isCurrent)).toEqual([true, false])
  expect((await here.post('/sign-out-elsewhere')).text).toBe('Signed out elsewhere: 1.')
  expect((await there.get('/')).status).toBe(401)
  expect((await here.get('/')).status).toBe(200)
})

test('examples/cart.ts fills, empties and checks out a cart', async () => {
  const guest = visitor(await startExample('cart'))
  expect((await guest.get('/')).text).toContain('In your cart: nothing')
  await guest.post('/add', { product: 'tea' })
  await guest.post('/add', { product: 'bread' })
  await guest.post('/add', { product: 'tea' })
  await guest.post('/add', { product: '<b>gold</b>' })
  expect((await guest.get('/')).text).toContain('In your cart: tea, bread<')
  await guest.post('/remove', { product: 'tea' })
  expect((await guest.post('/check-out')).text).toBe('Thank you! You bought: bread')
  expect((await guest.get('/')).text).toContain('In your cart: nothing')
})

test('examples/validated.ts counts items, and migrates the cart of its older version', async () => {
  const guest = visitor(await startExample('validated'))
  await guest.post('/add', { item: 'tea' })
  await guest.post('/add', { item: 'tea' })
  expect(JSON.parse((await guest.get('/')).text)).toEqual([{ item: 'tea', count: 2 }])
  expect((await guest.post('/add', { item: 'x'.repeat(101) })).status).toBe(400)
  const older = await createSessions<{ cart: string[] }>({ secret: SECRET }).open('')
  const [line] = (await older.set('cart', ['tea', 'lamp', 'tea']).commit()).getSetCookie()
  const [, name, value] = /^([^=]+)=([^;]+)/.exec(line!)!
  guest.cookies.set(name!, value!)
  expect(JSON.parse((await guest.get('/')).text)).toEqual([
    { item: 'tea', count: 2 },
    { item: 'lamp', count: 1 },
  ])
})

test('examples/preferences.ts remembers a language, and only one that it has', async () => {
  const guest = visitor(await startExample('preferences'))
  expect((await guest.get('/')).text).toContain('Welcome')
  await guest.post('/language', { language: 'fr' })
  expect((await guest.get('/')).text).toContain('<html lang="fr">Bienvenue')
  await guest.post('/language', { language: 'constructor' })
  expect((await guest.get('/')).text).toContain('<html lang="fr">Bienvenue')
})

test('examples/form.ts shows a form again with what was typed, escaped, and once only', async () => {
  const guest = visitor(await startExample('form'))
  const tokenIn = (page: string) => /name="_csrf" value="([^"]+)"/.exec(page)![1]!
  const _csrf = tokenIn((await guest.get('/')).text)
  await guest.post('/', { _csrf, name: '<Ada>', mail: 'nowhere' })
  const again = (await guest.get('/')).text
  expect(again).toContain('That is no mail address.')
  expect(again).toContain('value="&#60;Ada&#62;"')
  expect((await guest.get('/')).text).not.toContain('Ada')
  await guest.post('/', { _csrf: tokenIn(again), name: 'Ada', mail: 'ada@example.com' })
  const done = (await guest.get('/')).text
  expect(done).toContain('Welcome, Ada.')
  expect(done).toContain('Members: Ada')
})

test('examples/api-and-front-end.ts serves its front end, and no other origin', async () => {
  const origin = await startExample('api-and-front-end')
  const headers = { origin: 'http://localhost:5173' }
  const asked = await fetch(`${origin}/count`, { method: 'OPTIONS', headers })
  expect(asked.headers.get('access-control-allow-credentials')).toBe('true')
  expect(asked.headers.get('access-control-allow-headers')).toContain('x-csrf-token')
  const first = await fetch(`${origin}/count`, { method: 'POST', headers })
  expect(await first.json()).toEqual({ count: 1 })
  const cookie = first.headers.getSetCookie()[0]!.split(';', 1)[0]!
  const second = await fetch(`${origin}/count`, { headers: { ...headers, cookie } })
  expect(await second.json()).toEqual({ count: 1 })
  expect(second.headers.get('access-control-allow-origin')).toBe('http://localhost:5173')
  const evil = { origin: 'http://evil.example', cookie }
  const refused = await fetch(`${origin}/count`, { method: 'POST', headers: evil })
  expect(refused.status).toBe(403)
  expect(refused.headers.has('access-control-allow-origin')).toBe(false)
})

test('examples/flash.ts shows a message once', async () => {
  const guest = visitor(await startExample('flash'))
  expect((await guest.get('/')).text).not.toContain('Saved.')
  expect(guest.cookies.size).toBe(0)
  await guest.post('/save')
  expect((await guest.get('/')).text).toContain('<p class="success">Saved.</p>')
  expect((await guest.get('/')).text).not.toContain('Saved.')
})

test('examples/remember-me.ts lets a session outlive the browser only where that was asked for', async () => {
  const origin = await startExample('remember-me')
  const brief = await visitor(origin).post('/login', ADA)
  expect(brief.headers.getSetCookie()).toHaveLength(1)
  expect(brief.headers.getSetCookie()[0]).not.toMatch(/max-age|expires/i)
  const ada = visitor(origin)
  const lasting = await ada.post('/login', { ...ADA, remember: 'yes' })
  expect(lasting.headers.getSetCookie()[0]).toMatch(/; Max-Age=2592000\b/)
  expect((await ada.get('/')).text).toBe('Hello ada.')
})

test('examples/todo.ts keeps a list for each user and answers 401 to nobody', async () => {
  const origin = await startExample('todo')
  const json = (method: string, body: unknown) => ({
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const guest = visitor(origin)
  expect((await guest.get('/todos')).status).toBe(401)
  expect((await guest.send('/todos', json('POST', { text: 'break in' }))).status).toBe(401)
  expect((await guest.send('/todos/0', { method: 'DELETE' })).status).toBe(401)
  expect((await guest.send('/login', json('POST', { name: 'eve', password: '' }))).status).toBe(401)

  const ada = visitor(origin)
  expect((await ada.send('/login', json('POST', ADA))).status).toBe(204)
  await ada.send('/todos', json('POST', { text: 'translate' }))
  await ada.send('/todos', json('POST', { text: 'compute' }))
  expect(JSON.parse((await ada.get('/todos')).text)).toEqual(['translate', 'compute'])

  const grace = visitor(origin)
  await grace.send('/login', json('POST', { name: 'grace', password: 'compiler-1952' }))
  expect(JSON.parse((await grace.get('/todos')).text)).toEqual([])

  await ada.send('/todos/0', { method: 'DELETE' })
  expect(JSON.parse((await ada.get('/todos')).text)).toEqual(['compute'])
  await ada.send('/logout', { method: 'POST' })
  expect((await ada.get('/todos')).status).toBe(401)
})

test('examples/audit-trail.ts records who signed in, in which request, and what was ended', async () => {
  const ada = visitor(await startExample('audit-trail'))
  await ada.post('/login')
  await ada.post('/sign-out-everywhere')
  await ada.get('/trail')
  await ada.post('/login')
  type Row = Record<'type' | 'user_id' | 'handle' | 'request_id' | 'ip' | 'details', string>
  const trail = JSON.parse((await ada.get('/trail')).text) as Row[]
  const types = trail.map(({ type, details }) => [type, JSON.parse(details)])
  expect(types).toEqual([
    ['login', {}],
    ['created', {}],
    ['user-revoked', { count: 1, marked: true }],
    ['login', {}],
    ['created', {}],
  ])
  const [first, , ended, again] = trail
  expect(first!.handle).toMatch(/^[\w-]{22}$/)
  expect(again!.handle).not.toBe(first!.handle)
  expect(new Set(trail.map(({ request_id }) => request_id)).size).toBe(3)
  for (const row of trail) expect([row.user_id, row.ip]).toEqual(['ada', expect.any(String)])
  expect(ended!.request_id).toMatch(/^[\da-f-]{36}$/)
})

test('examples/websocket.ts answers who is signed in, and closes the socket when they sign out', async () => {
  const origin = await startExample('websocket')
  const ada = visitor(origin)
  const port = Number(new URL(origin).port)
  const cookie = () => [...ada.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  expect((await ada.get('/')).text).toContain('new WebSocket(')
  expect(await open(port, { origin: `http://127.0.0.1:${port}` })).toEqual({ refused: '401' })
  await ada.post('/login')
  const evil = 'https://evil.example'
  expect(await open(port, { origin: evil, cookie: cookie() })).toEqual({ refused: '403' })
  const own = { origin: `http://127.0.0.1:${port}`, cookie: cookie() }
  const { ws, closed } = opened(await open(port, own))
  expect(await ask(ws, 'hello')).toBe('ada: hello')
  const token = { 'sec-fetch-site': 'same-origin' }
  await ada.send('/logout', { method: 'POST', headers: token })
  expect(await closed).toBe(4401)
})

test('examples/server-sent-events.ts sends messages to the user who is signed in, until they sign out', async () => {
  const origin = await startExample('server-sent-events')
  const ada = visitor(origin)
  const post = (path: string, fields = {}) =>
    ada.send(path, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams(fields),
    })
  expect((await ada.get('/events')).status).toBe(401)
  await post('/login')
  const cookie = [...ada.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const response = await fetch(`${origin}/events`, { headers: { cookie } })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const stream = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  await post('/message', { text: 'hello\nthere' })
  expect((await stream.read()).value).toBe('data: "hello\\nthere"\n\n')
  await post('/logout')
  expect((await stream.read()).value).toBe('event: ended\ndata: logout\n\n')
  expect((await stream.read()).done).toBe(true)
  expect((await ada.get('/events')).status).toBe(401)
})

test('every example has a test', () => {
  const examples = readdirSync(new URL('../../examples', import.meta.url)).filter((file) =>
    file.endsWith('.ts'),
  )
  expect(examples.sort()).toEqual([
    'api-and-front-end.ts',
    'audit-trail.ts',
    'cart.ts',
    'devices.ts',
    'express.ts',
    'fastify.ts',
    'fetch.ts',
    'flash.ts',
    'form.ts',
    'h3.ts',
    'hono.ts',
    'koa.ts',
    'login.ts',
    'node-http.ts',
    'preferences.ts',
    'remember-me.ts',
    'server-sent-events.ts',
    'todo.ts',
    'validated.ts',
    'visits.ts',
    'websocket.ts',
    'with-flask.ts',
  ])
})

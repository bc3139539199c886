/** An app in whose timeline everything happens: what the pictures of the inspector show. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { csrfGuard, sessionMiddleware } from '../../src/adapters/express.ts'
import { inspector } from '../../src/devtools/devtools.ts'
import { createSessions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'

export const SECRET = 'q7Rk2vX9-mB4tZ8wL1nC6yH3pD5sF0gJ'

/** Starts it. Its clock can be moved: a replay is told only once the old id has had its grace. */
export async function startLivelyApp({ port = 0 } = {}) {
  const clock = { ahead: -300_000 }
  const now = () => Date.now() + clock.ahead
  const sessions = createSessions<{
    cart: string[]
    visits: number
    theme: string
    avatar: Uint8Array
  }>({
    secret: SECRET,
    clock: now,
    store: memoryStore({ clock: now }),
    lifetime: { idle: '2h', permanent: '30d', absolute: '12h' },
  })
  const app = express()
  app.use(inspector(sessions, { secret: SECRET }), sessionMiddleware(sessions))
  app.get('/', async (req, res) => {
    const session = await sessions.get(req)
    session.update('visits', (visits = 0) => visits + 1)
    res.send('<link rel="icon" href="data:,"><h1>Shop</h1>')
  })
  app.get('/login', async (req, res) => {
    const session = await sessions.get(req)
    session.set('cart', ['tea', 'bread']).set('theme', 'dark').set('avatar', new Uint8Array(64))
    session.label = String(req.query['label'] ?? 'Chromium on Linux')
    session.login('ada')
    res.redirect(303, '/')
  })
  app.get('/renew', async (req, res) => {
    const session = await sessions.get(req)
    session.regenerate()
    res.send('ok')
  })
  let waiting: (() => void)[] = []
  app.get('/basket', async (req, res) => {
    const session = await sessions.get(req)
    // In place, and both requests at the same time: a lost update, which is told.
    session.get('cart')?.push(String(req.query['add']))
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      if (waiting.length < 2) return
      for (const go of waiting) go()
      waiting = []
    })
    res.send('ok')
  })
  app.post('/order', csrfGuard(sessions), (_req, res) => void res.send('ordered'))
  app.get('/account', async (req, res) => {
    await sessions.signedIn(req)
    res.send('the account')
  })
  const server = createServer(app).listen(port, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`

  /** Signs a browser in that has no window. */
  async function signIn(label: string): Promise<string> {
    const answer = await fetch(`${origin}/login?label=${encodeURIComponent(label)}`, {
      redirect: 'manual',
    })
    return answer.headers.getSetCookie()[0]!.split(';', 1)[0]!
  }

  const visit = (path: string, cookie: string, init: RequestInit = {}) =>
    fetch(`${origin}${path}`, { ...init, headers: { cookie, ...init.headers } })

  return {
    origin,
    clock,
    signIn,
    visit,
    /** A cookie that was changed, a lost update, a replay and two refusals, of other browsers. */
    async getLively(): Promise<void> {
      const phone = await signIn('Safari on iPhone')
      clock.ahead += 60_000
      const renewed = (await visit('/renew', phone)).headers.getSetCookie()[0]!.split(';', 1)[0]!
      await visit('/', renewed)
      const tablet = await signIn('Firefox on Android')
      clock.ahead = 0
      await visit('/account', phone)
      await visit(
        '/account',
        tablet.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      )
      await visit('/order', tablet, {
        method: 'POST',
        headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      })
      await Promise.all(['milk', 'jam'].map((add) => visit(`/basket?add=${add}`, tablet)))
    },
    port: (server.address() as AddressInfo).port,
    async stop(): Promise<void> {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

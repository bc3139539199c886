/** The shop with Sojourn, on the cookies of cookie-session. */

import express from 'express'
import { createSessions } from 'sojourn'
import { sessionMiddleware } from 'sojourn/express'
import { cookieSession } from 'sojourn/formerly'

const sessions = createSessions<{ cart: string[] }>(
  cookieSession({
    keys: [process.env.SESSION_SECRET!],
    maxAge: 30 * 86_400_000,
    sameSite: 'lax',
  }),
)

const app = express()
app.use(express.urlencoded())
app.use(sessionMiddleware(sessions))

app.get('/', async (req, res) => {
  const session = await sessions.get(req)
  const [userId, cart] = [session.userId, session.get('cart', [])]
  res.type('text').send(`Signed in: ${userId ?? 'nobody'}. Cart: ${cart.join(', ')}.`)
})

app.post('/login', async (req, res) => {
  const session = await sessions.get(req)
  session.login(req.body.name)
  res.redirect(303, '/')
})

app.post('/cart', async (req, res) => {
  const session = await sessions.get(req)
  session.update('cart', (cart = []) => [...cart, req.body.item])
  res.redirect(303, '/')
})

app.post('/logout', async (req, res) => {
  const session = await sessions.get(req)
  session.logout()
  res.redirect(303, '/')
})

app.listen(3000)

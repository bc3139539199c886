/** A visitor fills a cart, signs in, and finds it joined with the cart of an earlier visit. */

import express from 'express'
import { createSessions } from 'sojourn'
import { csrfGuard, sessionMiddleware } from 'sojourn/express'

type Cart = Record<string, number>
const sessions = createSessions<{ cart: Cart }>({ secret: process.env.SESSION_SECRET })

/** Carts of users, by user id. An app of your own has them in its database. */
const saved = new Map<string, Cart>([['ada', { tea: 1 }]])

const app = express()
app.use(sessionMiddleware(sessions))
app.use(express.urlencoded())
app.use(csrfGuard(sessions))

app.post('/cart', async (req, res) => {
  const session = await sessions.get(req)
  const { item } = req.body as { item: string }
  const cart = session.update('cart', (cart = {}) => ({ ...cart, [item]: (cart[item] ?? 0) + 1 }))!
  if (session.userId) saved.set(session.userId, cart)
  res.redirect(303, '/')
})

app.post('/login', async (req, res) => {
  const session = await sessions.get(req)
  // Of an anonymous visitor, login() keeps the data; of another user, it deletes them.
  session.login('ada') // an app of your own asks for a password here
  const before = saved.get('ada') ?? {}
  const cart = session.update('cart', (cart = {}) => {
    const items = new Set([...Object.keys(before), ...Object.keys(cart)])
    return Object.fromEntries(
      [...items].map((item) => [item, Math.max(before[item] ?? 0, cart[item] ?? 0)]),
    )
  })!
  saved.set('ada', cart)
  res.redirect(303, '/')
})

app.post('/logout', async (req, res) => {
  const session = await sessions.get(req)
  session.logout()
  res.redirect(303, '/')
})

app.get('/', async (req, res) => {
  const session = await sessions.get(req)
  res.json(session.get('cart', {}))
})

app.listen(3000)

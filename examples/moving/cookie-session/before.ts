/** A shop with cookie-session. */

import cookieSession from 'cookie-session'
import express from 'express'

const app = express()
app.use(express.urlencoded())
app.use(
  cookieSession({
    keys: [process.env.SESSION_SECRET!],
    maxAge: 30 * 86_400_000,
    sameSite: 'lax',
  }),
)

app.get('/', (req, res) => {
  const { userId, cart = [] } = req.session!
  res.type('text').send(`Signed in: ${userId ?? 'nobody'}. Cart: ${cart.join(', ')}.`)
})

app.post('/login', (req, res) => {
  req.session!.userId = req.body.name
  res.redirect(303, '/')
})

app.post('/cart', (req, res) => {
  req.session!.cart = [...(req.session!.cart ?? []), req.body.item]
  res.redirect(303, '/')
})

app.post('/logout', (req, res) => {
  req.session = null
  res.redirect(303, '/')
})

app.listen(3000)

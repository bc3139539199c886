/** A shop with express-session, on connect-redis. */

import { RedisStore } from 'connect-redis'
import express from 'express'
import session from 'express-session'
import { createClient } from 'redis'

declare module 'express-session' {
  interface SessionData {
    user: string
    cart: string[]
  }
}

const client = createClient({ url: process.env.REDIS_URL! })
client.on('error', console.error)
await client.connect()

const app = express()
app.use(express.urlencoded())
app.use(
  session({
    secret: process.env.SESSION_SECRET!,
    store: new RedisStore({ client }),
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 30 * 86_400_000, sameSite: 'lax' },
  }),
)

app.get('/', (req, res) => {
  const { user = 'nobody', cart = [] } = req.session
  res.type('text').send(`Signed in: ${user}. Cart: ${cart.join(', ')}.`)
})

app.post('/login', (req, res, next) => {
  const { cart = [] } = req.session
  req.session.regenerate((error) => {
    if (error) return next(error)
    req.session.user = req.body.name
    req.session.cart = cart
    req.session.save((failure) => (failure ? next(failure) : res.redirect(303, '/')))
  })
})

app.post('/cart', (req, res) => {
  req.session.cart = [...(req.session.cart ?? []), req.body.item]
  res.redirect(303, '/')
})

app.post('/logout', (req, res, next) => {
  req.session.destroy((error) => (error ? next(error) : res.redirect(303, '/')))
})

app.listen(3000)

/** A shop before the move: who is signed in, and the cart, are better-auth's session. */

import { betterAuth } from 'better-auth'
import { fromNodeHeaders, toNodeHandler } from 'better-auth/node'
import express from 'express'
import { accounts } from './auth.ts'

const auth = betterAuth(accounts)

const app = express()
app.all('/api/auth/*splat', toNodeHandler(auth))
app.use(express.urlencoded())

app.get('/', async (req, res) => {
  const found = await auth.api.getSession({ headers: fromNodeHeaders(req.headers) })
  const [name, cart] = [found?.user.name, found?.session.cart ?? []]
  res.type('text').send(`Signed in: ${name ?? 'nobody'}. Cart: ${cart.join(', ')}.`)
})

app.post('/cart', async (req, res) => {
  const headers = fromNodeHeaders(req.headers)
  const found = await auth.api.getSession({ headers })
  if (!found) return void res.status(401).send('Not signed in')
  const cart = [...(found.session.cart ?? []), req.body.item]
  await auth.api.updateSession({ headers, body: { cart } })
  res.redirect(303, '/')
})

app.listen(3000)

/** A shop with iron-session. */

import express, { type Request, type Response } from 'express'
import { getIronSession } from 'iron-session'

const options = {
  cookieName: 'shop',
  password: process.env.SESSION_SECRET!,
  cookieOptions: { secure: process.env.NODE_ENV === 'production' },
}

const sessionOf = (req: Request, res: Response) =>
  getIronSession<{ userId?: string; cart?: string[] }>(req, res, options)

const app = express()
app.use(express.urlencoded())

app.get('/', async (req, res) => {
  const { userId, cart = [] } = await sessionOf(req, res)
  res.type('text').send(`Signed in: ${userId ?? 'nobody'}. Cart: ${cart.join(', ')}.`)
})

app.post('/login', async (req, res) => {
  const session = await sessionOf(req, res)
  session.userId = req.body.name
  await session.save()
  res.redirect(303, '/')
})

app.post('/cart', async (req, res) => {
  const session = await sessionOf(req, res)
  session.cart = [...(session.cart ?? []), req.body.item]
  await session.save()
  res.redirect(303, '/')
})

app.post('/logout', async (req, res) => {
  const session = await sessionOf(req, res)
  session.destroy()
  res.redirect(303, '/')
})

app.listen(3000)

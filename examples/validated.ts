/** A session with a schema: checked types, and data of an older version of the app. */

import express from 'express'
import { createSessions } from 'sojourn'
import { sessionMiddleware } from 'sojourn/express'
import { z } from 'zod'

const sessions = createSessions({
  secret: process.env.SESSION_SECRET,
  schema: {
    cart: z.array(z.object({ item: z.string().max(100), count: z.int().positive() })),
  },
  // Version 0 had a list of names: ['tea', 'tea', 'lamp'].
  version: 1,
  migrate(data) {
    const counts = new Map<string, number>()
    for (const item of data.cart ?? []) counts.set(item, (counts.get(item) ?? 0) + 1)
    return { cart: [...counts].map(([item, count]) => ({ item, count })) }
  },
  onEvent: (event) => {
    if (event.type === 'invalid-data') console.warn(event.why)
  },
})

const app = express()
app.use(sessionMiddleware(sessions))
app.use(express.urlencoded())

app.get('/', async (req, res) => {
  const cart = (await sessions.get(req)).get('cart', [])
  res.json(cart)
})

app.post('/add', async (req, res) => {
  const session = await sessions.get(req)
  // Input is checked first: that the schema refuses it, too, would be a 500.
  const item = z.string().min(1).max(100).safeParse(req.body?.item)
  if (!item.success) {
    res.status(400).send('Which item?')
    return
  }
  session.update('cart', (cart = []) => {
    const known = cart.find((one) => one.item === item.data)
    if (known) known.count += 1
    else cart.push({ item: item.data, count: 1 })
    return cart
  })
  res.redirect(303, '/')
})

app.listen(3000)

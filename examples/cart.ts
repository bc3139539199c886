/** Keeps a shopping cart, for visitors without an account too. */

import express from 'express'
import { createSessions } from 'sojourn'
import { sessionMiddleware } from 'sojourn/express'

const sessions = createSessions<{ cart: string[] }>({ secret: process.env.SESSION_SECRET })
const products = ['tea', 'honey', 'bread']

const app = express()
app.use(sessionMiddleware(sessions))
app.use(express.urlencoded())

app.get('/', async (req, res) => {
  const session = await sessions.get(req)
  const cart = session.get('cart', [])
  res.send(`
    <p>In your cart: ${cart.join(', ') || 'nothing'}</p>
    <form method="post" action="/add">${products.map((name) => `<button name="product" value="${name}">${name}</button>`).join('')}</form>
    <form method="post" action="/remove">${cart.map((name) => `<button name="product" value="${name}">no ${name}</button>`).join('')}</form>
    <form method="post" action="/check-out"><button>Check out</button></form>`)
})

app.post('/add', async (req, res) => {
  const session = await sessions.get(req)
  const product = products.find((name) => name === req.body?.product)
  if (product) session.update('cart', (cart = []) => [...new Set(cart).add(product)])
  res.redirect(303, '/')
})

app.post('/remove', async (req, res) => {
  const session = await sessions.get(req)
  session.update('cart', (cart = []) => cart.filter((name) => name !== req.body?.product))
  res.redirect(303, '/')
})

app.post('/check-out', async (req, res) => {
  const session = await sessions.get(req)
  const bought = session.pop('cart', [])
  res.send(`Thank you! You bought: ${bought.join(', ') || 'nothing'}`)
})

app.listen(3000)

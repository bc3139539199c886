/** A small shop with Express: visits, signing in and out, a cart, flash messages. */

import express from 'express'
import { createSessions, safeNext, type Session } from 'sojourn'
import { csrfGuard, loginRequired, sessionMiddleware } from 'sojourn/express'

type Data = { visits: number; cart: string[] }

const sessions = createSessions<Data>({ secret: process.env.SESSION_SECRET })

const app = express()
app.use(sessionMiddleware(sessions))
app.use(express.urlencoded(), csrfGuard(sessions))

app.get('/', async (req, res) => {
  const session = await sessions.get(req)
  const visits = session.update('visits', (n = 0) => n + 1)
  const { userId } = session
  res.send(`${flashes(session)}
    <p id="visits">Visits: ${visits}</p>
    <p id="who">${userId === undefined ? 'Not signed in' : `Signed in as ${escape(userId)}`}</p>
    <p><a href="/cart">Cart</a> <a href="/account">Account</a></p>
    ${userId === undefined ? '<a href="/login">Sign in</a>' : form('/logout', session, '<button>Sign out</button>')}`)
})

app.get('/login', async (req, res) => {
  const session = await sessions.get(req)
  const fields = `<input name="next" type="hidden" value="${escape(req.query.next ?? '')}">
    <label>Name <input name="name"></label> <button>Sign in</button>`
  res.send(form('/login', session, fields))
})

app.post('/login', async (req, res) => {
  const session = await sessions.get(req)
  session.login(req.body.name)
  session.flash(`Welcome, ${req.body.name}`)
  res.redirect(303, safeNext(req.body.next, '/'))
})

app.post('/logout', async (req, res) => {
  const session = await sessions.get(req)
  session.logout()
  session.flash('Signed out')
  res.redirect(303, '/')
})

app.get('/cart', async (req, res) => {
  const session = await sessions.get(req)
  const items = session.get('cart', []).map((item) => `<li>${escape(item)}</li>`)
  const fields = '<label>Item <input name="item"></label> <button>Add</button>'
  res.send(`${flashes(session)}
    <ul id="cart">${items.join('')}</ul>
    ${form('/cart', session, fields)}
    <a href="/">Home</a>`)
})

app.post('/cart', async (req, res) => {
  const session = await sessions.get(req)
  session.update('cart', (items = []) => [...items, req.body.item])
  session.flash(`Added ${req.body.item}`)
  res.redirect(303, '/cart')
})

app.get('/account', loginRequired(sessions, { redirect: '/login' }), async (req, res) => {
  const { userId } = await sessions.signedIn(req)
  res.send(`<h1>Account of ${escape(userId)}</h1> <a href="/">Home</a>`)
})

function form(action: string, session: Session<Data>, fields: string): string {
  const token = `<input name="_csrf" type="hidden" value="${session.csrfToken()}">`
  return `<form method="post" action="${action}">${token} ${fields}</form>`
}

function flashes(session: Session<Data>): string {
  return session
    .flashes()
    .map(({ message }) => `<p class="flash">${escape(message)}</p>`)
    .join('')
}

function escape(value: unknown): string {
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

const port = process.env.PORT ?? 3000
app.listen(port, () => console.log(`http://localhost:${port}`))

/** A small shop with Hono: visits, signing in and out, a cart, flash messages. */

import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { html } from 'hono/html'
import { createSessions, safeNext, type Session } from 'sojourn'
import { csrfGuard, loginRequired, sessionMiddleware } from 'sojourn/hono'

type Data = { visits: number; cart: string[] }

const sessions = createSessions<Data>({ secret: process.env.SESSION_SECRET })

const app = new Hono()
app.use(sessionMiddleware(sessions))
app.use(csrfGuard(sessions))
app.use('/account', loginRequired(sessions, { redirect: '/login' }))

app.get('/', async (c) => {
  const session = await sessions.get(c)
  const visits = session.update('visits', (n = 0) => n + 1)
  const { userId } = session
  return c.html(html`
    ${flashes(session)}
    <p id="visits">Visits: ${visits}</p>
    <p id="who">${userId === undefined ? 'Not signed in' : `Signed in as ${userId}`}</p>
    <p><a href="/cart">Cart</a> <a href="/account">Account</a></p>
    ${
      userId === undefined
        ? html`<a href="/login">Sign in</a>`
        : form('/logout', session, html`<button>Sign out</button>`)
    }
  `)
})

app.get('/login', async (c) => {
  const session = await sessions.get(c)
  const fields = html`
    <input name="next" type="hidden" value="${c.req.query('next') ?? ''}" />
    <label>Name <input name="name" /></label> <button>Sign in</button>
  `
  return c.html(form('/login', session, fields))
})

app.post('/login', async (c) => {
  const session = await sessions.get(c)
  const { name, next } = await c.req.parseBody<{ name: string; next: string }>()
  session.login(name)
  session.flash(`Welcome, ${name}`)
  return c.redirect(safeNext(next, '/'), 303)
})

app.post('/logout', async (c) => {
  const session = await sessions.get(c)
  session.logout()
  session.flash('Signed out')
  return c.redirect('/', 303)
})

app.get('/cart', async (c) => {
  const session = await sessions.get(c)
  const fields = html`<label>Item <input name="item" /></label> <button>Add</button>`
  return c.html(html`
    ${flashes(session)}
    <ul id="cart">
      ${session.get('cart', []).map((item) => html`<li>${item}</li>`)}
    </ul>
    ${form('/cart', session, fields)}
    <a href="/">Home</a>
  `)
})

app.post('/cart', async (c) => {
  const session = await sessions.get(c)
  const { item } = await c.req.parseBody<{ item: string }>()
  session.update('cart', (items = []) => [...items, item])
  session.flash(`Added ${item}`)
  return c.redirect('/cart', 303)
})

app.get('/account', async (c) => {
  const { userId } = await sessions.signedIn(c)
  return c.html(
    html`<h1>Account of ${userId}</h1>
      <a href="/">Home</a>`,
  )
})

type Html = ReturnType<typeof html>

function form(action: string, session: Session<Data>, fields: Html): Html {
  return html`<form method="post" action="${action}">
    <input name="_csrf" type="hidden" value="${session.csrfToken()}" /> ${fields}
  </form>`
}

function flashes(session: Session<Data>): Html[] {
  return session.flashes().map(({ message }) => html`<p class="flash">${message}</p>`)
}

const port = Number(process.env.PORT ?? 3000)
serve({ fetch: app.fetch, port }, (info) => console.log(`http://localhost:${info.port}`))

/** A small shop with h3: visits, signing in and out, a cart, flash messages. */

import { getQuery, H3, html, raw, readBody, redirect, serve, toResponse } from 'h3'
import { createSessions, safeNext, type Session } from 'sojourn'
import { csrfGuard, loginRequired, sessionMiddleware } from 'sojourn/h3'

type Data = { visits: number; cart: string[] }

const sessions = createSessions<Data>({ secret: process.env.SESSION_SECRET })

const app = new H3()
app.use(sessionMiddleware(sessions, toResponse))
app.use(csrfGuard(sessions))
app.use('/account', loginRequired(sessions, { redirect: '/login' }))

app.get('/', async (event) => {
  const session = await sessions.get(event)
  const visits = session.update('visits', (n = 0) => n + 1)
  const { userId } = session
  return html`
    ${flashes(session)}
    <p id="visits">Visits: ${visits}</p>
    <p id="who">${userId === undefined ? 'Not signed in' : `Signed in as ${userId}`}</p>
    <p><a href="/cart">Cart</a> <a href="/account">Account</a></p>
    ${
      userId === undefined
        ? raw('<a href="/login">Sign in</a>')
        : form('/logout', session, '<button>Sign out</button>')
    }
  `
})

app.get('/login', async (event) => {
  const session = await sessions.get(event)
  const { next = '' } = getQuery(event)
  const fields = `<input name="next" type="hidden" value="${escape(next)}">
    <label>Name <input name="name"></label> <button>Sign in</button>`
  return html`${form('/login', session, fields)}`
})

app.post('/login', async (event) => {
  const session = await sessions.get(event)
  const { name, next } = await fieldsOf(event)
  session.login(name)
  session.flash(`Welcome, ${name}`)
  return redirect(safeNext(next, '/'), 303)
})

app.post('/logout', async (event) => {
  const session = await sessions.get(event)
  session.logout()
  session.flash('Signed out')
  return redirect('/', 303)
})

app.get('/cart', async (event) => {
  const session = await sessions.get(event)
  const items = session.get('cart', []).map((item) => `<li>${escape(item)}</li>`)
  const fields = '<label>Item <input name="item"></label> <button>Add</button>'
  return html`
    ${flashes(session)}
    <ul id="cart">
      ${raw(items.join(''))}
    </ul>
    ${form('/cart', session, fields)}
    <a href="/">Home</a>
  `
})

app.post('/cart', async (event) => {
  const session = await sessions.get(event)
  const { item } = await fieldsOf(event)
  session.update('cart', (items = []) => [...items, item])
  session.flash(`Added ${item}`)
  return redirect('/cart', 303)
})

app.get('/account', async (event) => {
  const { userId } = await sessions.signedIn(event)
  return html`<h1>Account of ${userId}</h1>
    <a href="/">Home</a>`
})

async function fieldsOf(event: Parameters<typeof readBody>[0]) {
  const { name = '', item = '', next } = (await readBody<Record<string, string>>(event)) ?? {}
  return { name, item, next }
}

type Html = ReturnType<typeof raw>

function form(action: string, session: Session<Data>, fields: string): Html {
  const token = `<input name="_csrf" type="hidden" value="${session.csrfToken()}">`
  return raw(`<form method="post" action="${action}">${token} ${fields}</form>`)
}

function flashes(session: Session<Data>): Html {
  const messages = session.flashes().map(({ message }) => `<p class="flash">${escape(message)}</p>`)
  return raw(messages.join(''))
}

function escape(value: unknown): string {
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

serve(app, { port: Number(process.env.PORT ?? 3000) })

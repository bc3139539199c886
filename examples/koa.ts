/** A small shop with Koa: visits, signing in and out, a cart, flash messages. */

import { bodyParser } from '@koa/bodyparser'
import { Router } from '@koa/router'
import Koa from 'koa'
import { createSessions, safeNext, type Session } from 'sojourn'
import { csrfGuard, loginRequired, sessionMiddleware } from 'sojourn/koa'

type Data = { visits: number; cart: string[] }

const sessions = createSessions<Data>({ secret: process.env.SESSION_SECRET })

const app = new Koa()
app.use(sessionMiddleware(sessions))
app.use(bodyParser())
app.use(csrfGuard(sessions))

const router = new Router()

router.get('/', async (ctx) => {
  const session = await sessions.get(ctx)
  const visits = session.update('visits', (n = 0) => n + 1)
  const { userId } = session
  ctx.body = `${flashes(session)}
    <p id="visits">Visits: ${visits}</p>
    <p id="who">${userId === undefined ? 'Not signed in' : `Signed in as ${escape(userId)}`}</p>
    <p><a href="/cart">Cart</a> <a href="/account">Account</a></p>
    ${userId === undefined ? '<a href="/login">Sign in</a>' : form('/logout', session, '<button>Sign out</button>')}`
})

router.get('/login', async (ctx) => {
  const session = await sessions.get(ctx)
  const fields = `<input name="next" type="hidden" value="${escape(ctx.query.next ?? '')}">
    <label>Name <input name="name"></label> <button>Sign in</button>`
  ctx.body = form('/login', session, fields)
})

router.post('/login', async (ctx) => {
  const session = await sessions.get(ctx)
  const { name, next } = ctx.request.body as { name: string; next: string }
  session.login(name)
  session.flash(`Welcome, ${name}`)
  seeOther(ctx, safeNext(next, '/'))
})

router.post('/logout', async (ctx) => {
  const session = await sessions.get(ctx)
  session.logout()
  session.flash('Signed out')
  seeOther(ctx, '/')
})

router.get('/cart', async (ctx) => {
  const session = await sessions.get(ctx)
  const items = session.get('cart', []).map((item) => `<li>${escape(item)}</li>`)
  const fields = '<label>Item <input name="item"></label> <button>Add</button>'
  ctx.body = `${flashes(session)}
    <ul id="cart">${items.join('')}</ul>
    ${form('/cart', session, fields)}
    <a href="/">Home</a>`
})

router.post('/cart', async (ctx) => {
  const session = await sessions.get(ctx)
  const { item } = ctx.request.body as { item: string }
  session.update('cart', (items = []) => [...items, item])
  session.flash(`Added ${item}`)
  seeOther(ctx, '/cart')
})

router.get('/account', loginRequired(sessions, { redirect: '/login' }), async (ctx) => {
  const { userId } = await sessions.signedIn(ctx)
  ctx.body = `<h1>Account of ${escape(userId)}</h1> <a href="/">Home</a>`
})

app.use(router.routes()).use(router.allowedMethods())

// The next page is requested with GET. Koa's own status for a redirect is 302.
function seeOther(ctx: Koa.Context, location: string): void {
  ctx.redirect(location)
  ctx.status = 303
}

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

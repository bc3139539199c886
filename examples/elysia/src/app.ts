/** A small shop with Elysia: visits, signing in and out, a cart, flash messages. */

import { Elysia, t } from 'elysia'
import { createSessions, safeNext, type Session } from 'sojourn'
import { loginRequired } from 'sojourn/fetch'

type Data = { visits: number; cart: string[] }

export const sessions = createSessions<Data>({ secret: process.env.SESSION_SECRET })

export const app = new Elysia()
  .get('/', async ({ request }) => {
    const session = await sessions.get(request)
    const visits = session.update('visits', (n = 0) => n + 1)
    const { userId } = session
    return page(`${flashes(session)}
      <p id="visits">Visits: ${visits}</p>
      <p id="who">${userId === undefined ? 'Not signed in' : `Signed in as ${escape(userId)}`}</p>
      <p><a href="/cart">Cart</a> <a href="/account">Account</a></p>
      ${userId === undefined ? '<a href="/login">Sign in</a>' : form('/logout', session, '<button>Sign out</button>')}`)
  })
  .get('/login', async ({ request, query }) => {
    const session = await sessions.get(request)
    const fields = `<input name="next" type="hidden" value="${escape(query['next'] ?? '')}">
      <label>Name <input name="name"></label> <button>Sign in</button>`
    return page(form('/login', session, fields))
  })
  .post(
    '/login',
    async ({ request, body, redirect }) => {
      const session = await sessions.get(request)
      session.login(body.name)
      session.flash(`Welcome, ${body.name}`)
      return redirect(safeNext(body.next, '/'), 303)
    },
    {
      body: t.Object({
        name: t.String(),
        next: t.Optional(t.String()),
        _csrf: t.Optional(t.String()),
      }),
    },
  )
  .post('/logout', async ({ request, redirect }) => {
    const session = await sessions.get(request)
    session.logout()
    session.flash('Signed out')
    return redirect('/', 303)
  })
  .get('/cart', async ({ request }) => {
    const session = await sessions.get(request)
    const items = session.get('cart', []).map((item) => `<li>${escape(item)}</li>`)
    const fields = '<label>Item <input name="item"></label> <button>Add</button>'
    return page(`${flashes(session)}
      <ul id="cart">${items.join('')}</ul>
      ${form('/cart', session, fields)}
      <a href="/">Home</a>`)
  })
  .post(
    '/cart',
    async ({ request, body, redirect }) => {
      const session = await sessions.get(request)
      session.update('cart', (items = []) => [...items, body.item])
      session.flash(`Added ${body.item}`)
      return redirect('/cart', 303)
    },
    { body: t.Object({ item: t.String(), _csrf: t.Optional(t.String()) }) },
  )
  .get('/account', ({ request }) => account(request))

const account = loginRequired(sessions, { redirect: '/login' }, async (request) => {
  const { userId } = await sessions.signedIn(request)
  return page(`<h1>Account of ${escape(userId)}</h1> <a href="/">Home</a>`)
})

function page(html: string): Response {
  return new Response(html, { headers: { 'content-type': 'text/html; charset=utf-8' } })
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

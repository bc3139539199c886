/** A small shop with Fastify: visits, signing in and out, a cart, flash messages. */

import formbody from '@fastify/formbody'
import Fastify, { type FastifyReply } from 'fastify'
import { createSessions, safeNext, type Session } from 'sojourn'
import { csrfGuard, loginRequired, sessionPlugin } from 'sojourn/fastify'

type Data = { visits: number; cart: string[] }

const sessions = createSessions<Data>({ secret: process.env.SESSION_SECRET })

const app = Fastify()
await app.register(sessionPlugin, { sessions })
await app.register(formbody)
app.addHook('preHandler', csrfGuard(sessions))

app.get('/', async (request, reply) => {
  const session = await sessions.get(request)
  const visits = session.update('visits', (n = 0) => n + 1)
  const { userId } = session
  return page(
    reply,
    `${flashes(session)}
    <p id="visits">Visits: ${visits}</p>
    <p id="who">${userId === undefined ? 'Not signed in' : `Signed in as ${escape(userId)}`}</p>
    <p><a href="/cart">Cart</a> <a href="/account">Account</a></p>
    ${userId === undefined ? '<a href="/login">Sign in</a>' : form('/logout', session, '<button>Sign out</button>')}`,
  )
})

app.get<{ Querystring: { next?: string } }>('/login', async (request, reply) => {
  const session = await sessions.get(request)
  const fields = `<input name="next" type="hidden" value="${escape(request.query.next ?? '')}">
    <label>Name <input name="name"></label> <button>Sign in</button>`
  return page(reply, form('/login', session, fields))
})

app.post<{ Body: { name: string; next: string } }>('/login', async (request, reply) => {
  const session = await sessions.get(request)
  session.login(request.body.name)
  session.flash(`Welcome, ${request.body.name}`)
  return reply.redirect(safeNext(request.body.next, '/'), 303)
})

app.post('/logout', async (request, reply) => {
  const session = await sessions.get(request)
  session.logout()
  session.flash('Signed out')
  return reply.redirect('/', 303)
})

app.get('/cart', async (request, reply) => {
  const session = await sessions.get(request)
  const items = session.get('cart', []).map((item) => `<li>${escape(item)}</li>`)
  const fields = '<label>Item <input name="item"></label> <button>Add</button>'
  return page(
    reply,
    `${flashes(session)}
    <ul id="cart">${items.join('')}</ul>
    ${form('/cart', session, fields)}
    <a href="/">Home</a>`,
  )
})

app.post<{ Body: { item: string } }>('/cart', async (request, reply) => {
  const session = await sessions.get(request)
  session.update('cart', (items = []) => [...items, request.body.item])
  session.flash(`Added ${request.body.item}`)
  return reply.redirect('/cart', 303)
})

const signedIn = loginRequired(sessions, { redirect: '/login' })

app.get('/account', { preHandler: signedIn }, async (request, reply) => {
  const { userId } = await sessions.signedIn(request)
  return page(reply, `<h1>Account of ${escape(userId)}</h1> <a href="/">Home</a>`)
})

function page(reply: FastifyReply, html: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(html)
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

const port = Number(process.env.PORT ?? 3000)
await app.listen({ port })
console.log(`http://localhost:${port}`)

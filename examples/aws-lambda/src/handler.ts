/** A small shop on AWS Lambda: visits, signing in and out, a cart, flash messages. */

import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { createSessions, safeNext, type Session } from 'sojourn'
import { csrfGuard, loginRequired, withSessions } from 'sojourn/fetch'
import { toRequest, toResult } from './events.ts'

type Data = { visits: number; cart: string[] }

const sessions = createSessions<Data>({ secret: process.env.SESSION_SECRET })

async function home(session: Session<Data>): Promise<Response> {
  const visits = session.update('visits', (n = 0) => n + 1)
  const { userId } = session
  return page(`${flashes(session)}
    <p id="visits">Visits: ${visits}</p>
    <p id="who">${userId === undefined ? 'Not signed in' : `Signed in as ${escape(userId)}`}</p>
    <p><a href="/cart">Cart</a> <a href="/account">Account</a></p>
    ${userId === undefined ? '<a href="/login">Sign in</a>' : form('/logout', session, '<button>Sign out</button>')}`)
}

async function loginForm(session: Session<Data>, request: Request): Promise<Response> {
  const next = new URL(request.url).searchParams.get('next') ?? ''
  const fields = `<input name="next" type="hidden" value="${escape(next)}">
    <label>Name <input name="name"></label> <button>Sign in</button>`
  return page(form('/login', session, fields))
}

async function login(session: Session<Data>, request: Request): Promise<Response> {
  const fields = await request.formData()
  const name = String(fields.get('name'))
  session.login(name)
  session.flash(`Welcome, ${name}`)
  return redirect(safeNext(String(fields.get('next')), '/'))
}

async function logout(session: Session<Data>): Promise<Response> {
  session.logout()
  session.flash('Signed out')
  return redirect('/')
}

async function cart(session: Session<Data>): Promise<Response> {
  const items = session.get('cart', []).map((item) => `<li>${escape(item)}</li>`)
  const fields = '<label>Item <input name="item"></label> <button>Add</button>'
  return page(`${flashes(session)}
    <ul id="cart">${items.join('')}</ul>
    ${form('/cart', session, fields)}
    <a href="/">Home</a>`)
}

async function addToCart(session: Session<Data>, request: Request): Promise<Response> {
  const item = String((await request.formData()).get('item'))
  session.update('cart', (items = []) => [...items, item])
  session.flash(`Added ${item}`)
  return redirect('/cart')
}

const account = loginRequired(sessions, { redirect: '/login' }, async (request) => {
  const { userId } = await sessions.signedIn(request)
  return page(`<h1>Account of ${escape(userId)}</h1> <a href="/">Home</a>`)
})

const routes: Record<string, (session: Session<Data>, request: Request) => Promise<Response>> = {
  'GET /': home,
  'GET /login': loginForm,
  'POST /login': login,
  'POST /logout': logout,
  'GET /cart': cart,
  'POST /cart': addToCart,
}

async function router(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (pathname === '/account') return account(request)
  const route = routes[`${request.method} ${pathname}`]
  if (!route) return new Response('Not found', { status: 404 })
  return route(await sessions.get(request), request)
}

function page(html: string): Response {
  return new Response(html, { headers: { 'content-type': 'text/html; charset=utf-8' } })
}

function redirect(location: string): Response {
  return new Response(null, { status: 303, headers: { location } })
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

const app = withSessions(sessions, csrfGuard(sessions, router))

export async function handler(event: APIGatewayProxyEventV2) {
  return toResult(await app(toRequest(event)))
}

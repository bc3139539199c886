/** The pages as HTML. */

import type { ShopSession } from './sessions.js'

export function home(session: ShopSession): string {
  const { userId } = session
  return `${flashes(session)}
    <p id="visits">Visits: ${session.get('visits')}</p>
    <p id="who">${userId === undefined ? 'Not signed in' : `Signed in as ${escape(userId)}`}</p>
    <p><a href="/cart">Cart</a> <a href="/account">Account</a></p>
    ${userId === undefined ? '<a href="/login">Sign in</a>' : form('/logout', session, '<button>Sign out</button>')}`
}

export function loginForm(session: ShopSession, next: string): string {
  const fields = `<input name="next" type="hidden" value="${escape(next)}">
    <label>Name <input name="name"></label> <button>Sign in</button>`
  return form('/login', session, fields)
}

export function cart(session: ShopSession): string {
  const items = session.get('cart', []).map((item) => `<li>${escape(item)}</li>`)
  const fields = '<label>Item <input name="item"></label> <button>Add</button>'
  return `${flashes(session)}
    <ul id="cart">${items.join('')}</ul>
    ${form('/cart', session, fields)}
    <a href="/">Home</a>`
}

export function account(session: ShopSession): string {
  return `<h1>Account of ${escape(session.userId)}</h1> <a href="/">Home</a>`
}

function form(action: string, session: ShopSession, fields: string): string {
  const token = `<input name="_csrf" type="hidden" value="${session.csrfToken()}">`
  return `<form method="post" action="${action}">${token} ${fields}</form>`
}

function flashes(session: ShopSession): string {
  return session
    .flashes()
    .map(({ message }) => `<p class="flash">${escape(message)}</p>`)
    .join('')
}

function escape(value: unknown): string {
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

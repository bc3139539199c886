import { defineHandler, html, raw } from 'nitro/h3'
import { flashes, form } from '../html.ts'
import { sessions } from '../sessions.ts'

export default defineHandler(async (event) => {
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

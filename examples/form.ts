/** Shows a form again with what was typed, and says what is wrong, after a redirect. */

import express from 'express'
import { createSessions } from 'sojourn'
import { csrfGuard, sessionMiddleware } from 'sojourn/express'

const sessions = createSessions<{
  draft: { name: string; mail: string }
  errors: string[]
  members: string[]
}>({ secret: process.env.SESSION_SECRET })

const app = express()
app.use(sessionMiddleware(sessions))
app.use(express.urlencoded({ extended: false }), csrfGuard(sessions))

app.get('/', async (req, res) => {
  const session = await sessions.get(req)
  // Shown once: the next visit begins with an empty form.
  const { name, mail } = session.pop('draft', { name: '', mail: '' })
  const errors = session.pop('errors', [])
  res.send(`${session
    .flashes()
    .map(({ message }) => `<p class="flash">${escape(message)}</p>`)
    .join('')}
    <form method="post">
      <input type="hidden" name="_csrf" value="${session.csrfToken()}">
      ${errors.map((error) => `<p class="error">${error}</p>`).join('')}
      <label>Name <input name="name" value="${escape(name)}"></label>
      <label>Mail <input name="mail" value="${escape(mail)}"></label>
      <button>Join</button>
    </form>
    <p id="members">Members: ${escape(session.get('members', []).join(', '))}</p>`)
})

app.post('/', async (req, res) => {
  const session = await sessions.get(req)
  const { name = '', mail = '' } = req.body as Record<string, string | undefined>
  const errors = [
    ...(name.trim() === '' ? ['Please write your name.'] : []),
    ...(/^\S+@\S+$/.test(mail) ? [] : ['That is no mail address.']),
  ]
  if (errors.length > 0) {
    session.set('draft', { name: name.slice(0, 100), mail: mail.slice(0, 100) })
    session.set('errors', errors)
  } else {
    session.update('members', (members = []) => [...members, name.slice(0, 100)].slice(-10))
    session.flash(`Welcome, ${name.slice(0, 100)}.`)
  }
  res.redirect(303, '/')
})

/** Makes text safe inside HTML. A template engine does this by itself. */
function escape(text: unknown): string {
  return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

app.listen(3000)

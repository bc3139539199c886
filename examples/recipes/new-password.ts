/** A new password: asks for a recent login, then signs out all other browsers of the user. */

import express from 'express'
import { createSessions } from 'sojourn'
import { csrfGuard, loginRequired, sessionMiddleware } from 'sojourn/express'
import { memoryStore } from 'sojourn/stores/memory'

const sessions = createSessions({ secret: process.env.SESSION_SECRET, store: memoryStore() })

const app = express()
app.use(sessionMiddleware(sessions))
app.use(express.urlencoded())
app.use(csrfGuard(sessions))

app.post('/login', async (req, res) => {
  const session = await sessions.get(req)
  session.login('ada') // an app of your own asks for a password here
  res.redirect(303, '/')
})

app.post('/password', loginRequired(sessions, { within: '10m' }), async (req, res) => {
  const session = await sessions.signedIn(req)
  // First save the hash of the new password in your database: nobody signs in with the old one then.
  await sessions.revokeUser(session.userId, { except: session.handle })
  session.login(session.userId) // a new session id: a copy of the old cookie is worthless, too
  res.redirect(303, '/')
})

app.get('/', async (req, res) => {
  const { userId = 'nobody' } = await sessions.get(req)
  res.send(`Signed in: ${userId}.`)
})

app.listen(3000)

/** One session per user: signing in on a second device signs the first one out. */

import express from 'express'
import { createSessions } from 'sojourn'
import { csrfGuard, sessionMiddleware } from 'sojourn/express'
import { memoryStore } from 'sojourn/stores/memory'

const sessions = createSessions({
  secret: process.env.SESSION_SECRET,
  store: memoryStore(),
  maxSessionsPerUser: 1,
  // With onLimit: 'reject' the second login is a 403 instead (ERR_SESSION_LIMIT).
  onLimit: 'evict-oldest',
})

const app = express()
app.use(sessionMiddleware(sessions))
app.use(express.urlencoded())
app.use(csrfGuard(sessions))

app.post('/login', async (req, res) => {
  const session = await sessions.get(req)
  session.login('ada') // an app of your own asks for a password here
  res.redirect(303, '/')
})

app.get('/', async (req, res) => {
  const { userId = 'nobody' } = await sessions.get(req)
  res.send(`Signed in: ${userId}.`)
})

app.listen(3000)

/** One login for www.example.com and shop.example.com: a cookie with a Domain. */

import express from 'express'
import { createSessions } from 'sojourn'
import { csrfGuard, sessionMiddleware } from 'sojourn/express'

const sessions = createSessions({
  secret: process.env.SESSION_SECRET, // the same on all hosts
  cookie: { domain: process.env.COOKIE_DOMAIN ?? 'example.com' },
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

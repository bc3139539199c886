/** Shares one session with a Flask app on the same domain: with_flask.py is the other half. */

import express from 'express'
import { createSessions } from 'sojourn'
import { sessionMiddleware } from 'sojourn/express'
import { flask } from 'sojourn/flask'

// What the Flask app keeps: session['username'] and session['visits'].
const sessions = createSessions<{ username: string; visits: number }>(
  flask({ SECRET_KEY: process.env.SECRET_KEY }),
)

const app = express()
app.use(sessionMiddleware(sessions))

app.get('/express', async (req, res) => {
  const session = await sessions.get(req)
  const visits = session.update('visits', (n = 0) => n + 1)
  // As text: a name is a visitor's own words.
  res.type('text').send(`Hello ${session.get('username', 'stranger')}, visit ${visits}.`)
})

app.post('/express/flash', async (req, res) => {
  const session = await sessions.get(req)
  session.flash('Greetings from Express.')
  res.redirect(303, '/flask')
})

app.listen(3000)

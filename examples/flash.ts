/** Leaves a message for the visitor's next page, where it is shown once. */

import express from 'express'
import { createSessions } from 'sojourn'
import { sessionMiddleware } from 'sojourn/express'

const sessions = createSessions({ secret: process.env.SESSION_SECRET })

const app = express()
app.use(sessionMiddleware(sessions))

app.get('/', async (req, res) => {
  const session = await sessions.get(req)
  // Escape a message that has a visitor's own words in it.
  const messages = session
    .flashes()
    .map(({ category, message }) => `<p class="${category}">${message}</p>`)
  res.send(`${messages.join('')}<form method="post" action="/save"><button>Save</button></form>`)
})

app.post('/save', async (req, res) => {
  const session = await sessions.get(req)
  session.flash('Saved.', 'success')
  res.redirect(303, '/')
})

app.listen(3000)

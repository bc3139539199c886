/** Support staff see the site as a customer does (impersonation), and come back to their own account. */

import express from 'express'
import { createSessions } from 'sojourn'
import { csrfGuard, loginRequired, sessionMiddleware } from 'sojourn/express'

// The session stays that of the member of staff: `userId` never changes, so that logs tell who it was.
const sessions = createSessions<{ viewAs: string }>({ secret: process.env.SESSION_SECRET })

const STAFF = new Set(['grace'])

const app = express()
app.use(sessionMiddleware(sessions))
app.use(express.urlencoded())
app.use(csrfGuard(sessions))

app.post('/login', async (req, res) => {
  const session = await sessions.get(req)
  const { name } = req.body as { name: string }
  session.login(name) // an app of your own asks for a password here
  res.redirect(303, '/')
})

app.post('/view-as', loginRequired(sessions, { within: '10m' }), async (req, res) => {
  const session = await sessions.signedIn(req)
  if (!STAFF.has(session.userId)) return res.sendStatus(403)
  const { customer } = req.body as { customer: string }
  session.set('viewAs', customer)
  res.redirect(303, '/')
})

app.post('/view-as/end', async (req, res) => {
  const session = await sessions.signedIn(req)
  session.delete('viewAs')
  res.redirect(303, '/')
})

app.get('/', loginRequired(sessions), async (req, res) => {
  const session = await sessions.signedIn(req)
  const customer = session.get('viewAs')
  res.send(customer ? `${session.userId} views as ${customer}.` : `Signed in: ${session.userId}.`)
})

app.listen(3000)

/** Keeps sessions in SQLite, lists where a user is signed in, and signs out elsewhere. */

import { DatabaseSync } from 'node:sqlite'
import express from 'express'
import { createSessions } from 'sojourn'
import { sessionMiddleware } from 'sojourn/express'
import { sqliteStore } from 'sojourn/stores/sqlite'

const store = sqliteStore(new DatabaseSync(process.env.SESSION_DB ?? 'sessions.sqlite'))
await store.createSchema()

const sessions = createSessions({ secret: process.env.SESSION_SECRET, store })

const app = express()
app.use(sessionMiddleware(sessions))
app.use(express.urlencoded())

// An app of your own asks for a password here.
app.post('/login', async (req, res) => {
  const session = await sessions.get(req)
  session.login('ada')
  session.label = req.get('user-agent')?.slice(0, 60)
  res.redirect(303, '/')
})

app.get('/', async (req, res) => {
  const session = await sessions.signedIn(req)
  const devices = await sessions.list(session.userId)
  res.json(devices.map(({ label, lastSeenAt, isCurrent }) => ({ label, lastSeenAt, isCurrent })))
})

app.post('/sign-out-elsewhere', async (req, res) => {
  const session = await sessions.signedIn(req)
  const { ended } = await sessions.revokeUser(session.userId, { except: session.handle })
  res.send(`Signed out elsewhere: ${ended}.`)
})

app.listen(3000)

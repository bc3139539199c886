/** Keeps an audit trail in SQLite: who signed in and out, which sessions were ended, and what was refused. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import express from 'express'
import { createSessions, type SessionEvent } from 'sojourn'
import { sessionMiddleware } from 'sojourn/express'
import { sqliteStore } from 'sojourn/stores/sqlite'

// A file of its own: an older copy of the sessions can be restored without losing the trail.
const audit = new DatabaseSync(process.env.AUDIT_DB ?? 'audit.sqlite', { timeout: 1000 })
audit.exec(`CREATE TABLE IF NOT EXISTS audit_trail (
  at INTEGER NOT NULL,
  type TEXT NOT NULL,
  user_id TEXT,
  handle TEXT,
  request_id TEXT,
  ip TEXT,
  details TEXT NOT NULL
)`)
const insert = audit.prepare('INSERT INTO audit_trail VALUES (?, ?, ?, ?, ?, ?, ?)')

const store = sqliteStore(new DatabaseSync(process.env.SESSION_DB ?? 'sessions.sqlite'))
await store.createSchema()

/** The request that is being answered, wherever in it the code is. */
const requests = new AsyncLocalStorage<{ id: string; ip: string | undefined }>()

/** Called before the response is sent. A failure is printed, and does not fail the request. */
function record({ at, type, userId, handle, requestId, ...details }: SessionEvent) {
  const ip = requests.getStore()?.ip
  const told = JSON.stringify(details)
  insert.run(at, type, userId ?? null, handle ?? null, requestId ?? null, ip ?? null, told)
}

const sessions = createSessions({
  secret: process.env.SESSION_SECRET,
  store,
  onEvent: record,
  events: { userId: true, requestId: () => requests.getStore()?.id },
})

const app = express()
app.use((req, _res, next) => requests.run({ id: randomUUID(), ip: req.ip }, next))
app.use(sessionMiddleware(sessions))
app.use(express.urlencoded())

// An app of your own asks for a password here, and records a wrong one.
app.post('/login', async (req, res) => {
  const session = await sessions.get(req)
  session.login('ada')
  res.redirect(303, '/trail')
})

app.post('/logout', async (req, res) => {
  const session = await sessions.get(req)
  session.logout()
  res.redirect(303, '/')
})

app.post('/sign-out-everywhere', async (req, res) => {
  const session = await sessions.signedIn(req)
  const { ended } = await sessions.revokeUser(session.userId)
  res.send(`Signed out: ${ended}.`)
})

app.get('/trail', async (req, res) => {
  const { userId } = await sessions.signedIn(req)
  const rows = audit.prepare('SELECT * FROM audit_trail WHERE user_id = ? ORDER BY rowid')
  res.json(rows.all(userId))
})

app.listen(3000)

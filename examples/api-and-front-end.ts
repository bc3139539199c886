/** An API for a front end on another origin, such as the development server of Vite on port 5173. */

import express from 'express'
import { createSessions } from 'sojourn'
import { csrfGuard, sessionMiddleware } from 'sojourn/express'

const FRONT_END = process.env.FRONT_END ?? 'http://localhost:5173'

const sessions = createSessions<{ count: number }>({
  secret: process.env.SESSION_SECRET,
  trustedOrigins: [FRONT_END],
})

const app = express()

// CORS: the browser sends the cookie to another origin, and shows it the response, only if told.
app.use((req, res, next) => {
  if (req.headers.origin === FRONT_END) {
    res.set('Access-Control-Allow-Origin', FRONT_END)
    res.set('Access-Control-Allow-Credentials', 'true')
  }
  res.vary('Origin')
  if (req.method !== 'OPTIONS') return next()
  res.set('Access-Control-Allow-Methods', 'GET, POST')
  res.set('Access-Control-Allow-Headers', 'content-type, x-csrf-token')
  res.sendStatus(204)
})

app.use(sessionMiddleware(sessions), express.json(), csrfGuard(sessions))

app.get('/count', async (req, res) => {
  const session = await sessions.get(req)
  res.json({ count: session.get('count', 0) })
})

app.post('/count', async (req, res) => {
  const session = await sessions.get(req)
  res.json({ count: session.update('count', (n = 0) => n + 1) })
})

app.listen(3000)

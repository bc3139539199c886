/** Counts visits. */

import express from 'express'
import { createSessions } from 'sojourn'
import { sessionMiddleware } from 'sojourn/express'

const sessions = createSessions<{ visits: number }>({ secret: process.env.SESSION_SECRET })

const app = express()
app.use(sessionMiddleware(sessions))

app.get('/', async (req, res) => {
  const session = await sessions.get(req)
  const visits = session.update('visits', (n = 0) => n + 1)
  res.send(`You have been here ${visits} times.`)
})

app.listen(3000)

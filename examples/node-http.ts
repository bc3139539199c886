/** Counts visits without a framework. */

import { createServer } from 'node:http'
import { createSessions } from 'sojourn'
import { withSessions } from 'sojourn/node'

const sessions = createSessions<{ visits: number }>({ secret: process.env.SESSION_SECRET })

const server = createServer(
  withSessions(sessions, async (req, res) => {
    const session = await sessions.get(req)
    const visits = session.update('visits', (n = 0) => n + 1)
    res.end(`You have been here ${visits} times.`)
  }),
)

server.listen(3000)

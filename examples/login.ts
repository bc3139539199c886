/** Signs visitors in and out, and keeps a page for those who are signed in. */

import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import express from 'express'
import { createSessions } from 'sojourn'
import { sessionMiddleware } from 'sojourn/express'

const sessions = createSessions({ secret: process.env.SESSION_SECRET })

// One user. An app of your own keeps a salt and a hash for each in its database.
const salt = randomBytes(16)
const ada = { name: 'ada', hash: scryptSync('engine-1843', salt, 64) }

const app = express()
app.use(sessionMiddleware(sessions))
app.use(express.urlencoded())

app.get('/login', (_req, res) => {
  res.send(`<form method="post">
    <label>Name <input name="name" value="ada"></label>
    <label>Password <input name="password" type="password" value="engine-1843"></label>
    <button>Sign in</button>
  </form>`)
})

app.post('/login', async (req, res) => {
  const session = await sessions.get(req)
  const { name, password } = req.body ?? {}
  const isRight = timingSafeEqual(scryptSync(String(password), salt, 64), ada.hash)
  if (name !== ada.name || !isRight) return res.status(401).send('Wrong name or password.')
  session.login(ada.name)
  res.redirect(303, '/')
})

app.post('/logout', async (req, res) => {
  const session = await sessions.get(req)
  session.logout()
  res.redirect(303, '/login')
})

app.get('/', async (req, res) => {
  const session = await sessions.get(req)
  if (session.userId === undefined) return res.redirect('/login')
  res.send(
    `Hello ${session.userId}. <form method="post" action="/logout"><button>Sign out</button></form>`,
  )
})

app.listen(3000)

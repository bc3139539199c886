/** Lets a visitor choose whether the session outlives the browser: "remember me". */

import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import express from 'express'
import { createSessions } from 'sojourn'
import { sessionMiddleware } from 'sojourn/express'

const sessions = createSessions({
  secret: process.env.SESSION_SECRET,
  // Signed out after two hours away; with "remember me" after 30 days, browser closed or not.
  lifetime: { idle: '2h', permanent: '30d' },
})

// One user. An app of your own keeps a salt and a hash for each in its database.
const salt = randomBytes(16)
const ada = { name: 'ada', hash: scryptSync('engine-1843', salt, 64) }

const app = express()
app.use(sessionMiddleware(sessions))
app.use(express.urlencoded())

app.get('/', async (req, res) => {
  const session = await sessions.get(req)
  if (session.userId !== undefined) return res.send(`Hello ${session.userId}.`)
  res.send(`<form method="post" action="/login">
    <label>Name <input name="name" value="ada"></label>
    <label>Password <input name="password" type="password" value="engine-1843"></label>
    <label><input name="remember" value="yes" type="checkbox"> Remember me</label>
    <button>Sign in</button>
  </form>`)
})

app.post('/login', async (req, res) => {
  const session = await sessions.get(req)
  const { name, password, remember } = req.body ?? {}
  const isRight = timingSafeEqual(scryptSync(String(password), salt, 64), ada.hash)
  if (name !== ada.name || !isRight) return res.status(401).send('Wrong name or password.')
  session.login(ada.name)
  session.permanent = remember === 'yes'
  res.redirect(303, '/')
})

app.listen(3000)

/** A to-do list for each user: an API that answers 401 to everybody else. */

import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import express from 'express'
import { createSessions } from 'sojourn'
import { sessionMiddleware } from 'sojourn/express'

const sessions = createSessions({ secret: process.env.SESSION_SECRET })

// Users and lists. An app of your own keeps them in its database.
const salt = randomBytes(16)
const users = new Map([
  ['ada', scryptSync('engine-1843', salt, 64)],
  ['grace', scryptSync('compiler-1952', salt, 64)],
])
const nobody = randomBytes(64)
const todos = new Map<string, string[]>()

const app = express()
app.use(sessionMiddleware(sessions))
app.use(express.json())

app.post('/login', async (req, res) => {
  const session = await sessions.get(req)
  const { name, password } = req.body ?? {}
  const hash = users.get(name) ?? nobody
  if (!timingSafeEqual(scryptSync(String(password), salt, 64), hash)) return res.sendStatus(401)
  session.login(name)
  res.sendStatus(204)
})

app.post('/logout', async (req, res) => {
  const session = await sessions.get(req)
  session.logout()
  res.sendStatus(204)
})

app.get('/todos', async (req, res) => {
  const { userId } = await sessions.signedIn(req) // Answers 401 by itself.
  res.json(todos.get(userId) ?? [])
})

app.post('/todos', async (req, res) => {
  const { userId } = await sessions.signedIn(req)
  const list = [...(todos.get(userId) ?? []), String(req.body?.text)]
  todos.set(userId, list)
  res.status(201).json(list)
})

app.delete('/todos/:index', async (req, res) => {
  const { userId } = await sessions.signedIn(req)
  const list = (todos.get(userId) ?? []).filter(
    (_text, index) => index !== Number(req.params.index),
  )
  todos.set(userId, list)
  res.json(list)
})

app.listen(3000)

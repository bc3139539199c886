/** express-session, on connect-redis or on its own MemoryStore. */

import { RedisStore } from 'connect-redis'
import express, { type Request } from 'express'
import session from 'express-session'
import { type Contender, keptOf, type Raced } from '../contender.ts'
import { momentAt } from '../moment.ts'
import type { Place } from '../place.ts'

// Where an app would augment `SessionData`, this file keeps its types to itself.
type Bag = session.Session & Raced

export function expressSession({ client, prefix, secret }: Place): Contender {
  const store = client && new RedisStore({ client, prefix: `${prefix}express-session:`, ttl: 600 })
  const handler = momentAt('in the handler')
  const app = express()
  app.use(session({ secret, resave: false, saveUninitialized: false, ...(store ? { store } : {}) }))

  app.post('/login', (req, res, next) => {
    req.session.regenerate((error) => {
      if (error) return next(error)
      bagOf(req).user = 'ann'
      res.end()
    })
  })
  app.post('/increment', async (req, res) => {
    const count = bagOf(req).count ?? 0
    await handler.pass()
    bagOf(req).count = count + 1
    res.end()
  })
  app.post('/key/:number', async (req, res) => {
    await handler.pass()
    bagOf(req)[`key${Number(req.params.number)}`] = true
    res.end()
  })
  app.post('/slow', async (req, res) => {
    await handler.pass()
    bagOf(req).slow = true
    res.end()
  })
  app.post('/logout', (req, res, next) => {
    req.session.destroy((error) => (error ? next(error) : res.end()))
  })
  app.get('/session', (req, res) => {
    res.json(keptOf(bagOf(req).user, { ...req.session }))
  })
  return {
    name: 'express-session',
    path: 'express-session',
    with: client ? 'express-session 1.19, connect-redis 10' : 'express-session 1.19, MemoryStore',
    code: 'req.session.count++',
    listener: app,
    readFirst: handler,
    moments: [handler],
  }
}

function bagOf(req: Request): Bag {
  return req.session as unknown as Bag
}

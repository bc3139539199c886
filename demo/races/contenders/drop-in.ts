/** Sojourn's drop-in for express-session: `req.session` as ever, or `update` of our own API. */

import express, { type Request } from 'express'
import {
  expressSession as session,
  memoryStore,
  redisStore,
  type SessionStore,
} from '../../sojourn.ts'
import { type Contender, keptOf, type Raced } from '../contender.ts'
import { momentAt } from '../moment.ts'
import type { Place } from '../place.ts'
import { heldAt, refused } from './sojourn.ts'

/** How the app counts: by `req.session`, or by the session below it. */
type Counting = 'bag' | 'update'

export function dropIn({ client, prefix, secret }: Place, counting: Counting): Contender {
  const store = client
    ? redisStore(client, { prefix: `${prefix}drop-in-${counting}:` })
    : memoryStore()
  const handler = momentAt('in the handler')
  const commit = momentAt('inside the commit')
  const on = (used: SessionStore) =>
    session({
      secret,
      store: used,
      name: `drop-in-${counting}`,
      resave: false,
      saveUninitialized: false,
      deadlines: { read: '30s', write: '30s', commit: '30s' },
    })
  const sessions = on(heldAt(commit, store))
  const app = express()
  // Logs out as another server would: in one process a logout waits for the write before it.
  app.post('/logout', on(store), (req, res, next) => {
    req.session.destroy((error) => (error ? next(error) : res.end()))
  })
  app.use(sessions)

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
    if (counting === 'bag') bagOf(req).count = count + 1
    else (await sessions.sessions.get(req)).update('count', (now = 0) => now + 1)
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
  app.get('/session', (req, res) => {
    res.json(keptOf(bagOf(req).user, { ...req.session }))
  })
  app.use(refused)
  return {
    name: counting === 'bag' ? "Sojourn's drop-in" : "Sojourn's drop-in, with update",
    path: `drop-in-${counting}`,
    with: `sojourn/express-session, ${client ? 'redisStore' : 'memoryStore'}`,
    code:
      counting === 'bag' ? 'req.session.count++' : "session.update('count', (count) => count + 1)",
    listener: app,
    readFirst: handler,
    moments: [handler, commit],
  }
}

function bagOf(req: Request): Raced {
  return req.session as unknown as Raced
}

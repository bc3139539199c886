/** Sojourn: `session.update` and `session.set`, on its own store. */

import express, { type ErrorRequestHandler } from 'express'
import { type Contender, keptOf, type Raced } from '../contender.ts'
import { type Moment, momentAt } from '../moment.ts'
import type { Place } from '../place.ts'
import {
  createSessions,
  memoryStore,
  redisStore,
  SessionError,
  sessionMiddleware,
  type SessionStore,
} from '../../sojourn.ts'

export function sojourn({ client, prefix, secret }: Place): Contender {
  const store = client ? redisStore(client, { prefix: `${prefix}sojourn:` }) : memoryStore()
  const handler = momentAt('in the handler')
  const commit = momentAt('inside the commit')
  const sessions = sessionsOn(heldAt(commit, store), secret, 'sojourn')
  // Logs out as another server would: in one process a logout waits for the write before it.
  const elsewhere = sessionsOn(store, secret, 'sojourn')
  const app = express()
  app.post('/logout', sessionMiddleware(elsewhere), async (req, res) => {
    const session = await elsewhere.get(req)
    session.logout()
    res.end()
  })
  app.use(sessionMiddleware(sessions))

  app.post('/login', async (req, res) => {
    const session = await sessions.get(req)
    session.login('ann')
    res.end()
  })
  app.post('/increment', async (req, res) => {
    const session = await sessions.get(req)
    await handler.pass()
    session.update('count', (count = 0) => count + 1)
    res.end()
  })
  app.post('/key/:number', async (req, res) => {
    const session = await sessions.get(req)
    await handler.pass()
    session.set(`key${Number(req.params.number)}`, true)
    res.end()
  })
  app.post('/slow', async (req, res) => {
    const session = await sessions.get(req)
    await handler.pass()
    session.set('slow', true)
    res.end()
  })
  app.get('/session', async (req, res) => {
    const session = await sessions.get(req)
    res.json(keptOf(session.userId, Object.fromEntries(session)))
  })
  app.use(refused)
  return {
    name: 'Sojourn',
    path: 'sojourn',
    with: client ? 'redisStore' : 'memoryStore',
    code: "session.update('count', (count) => count + 1)",
    listener: app,
    readFirst: handler,
    moments: [handler, commit],
  }
}

export function sessionsOn(store: SessionStore, secret: string, name: string) {
  return createSessions<Raced>({
    secret,
    store,
    cookie: { name, secure: false },
    // A thousand requests at once on a busy machine: the race is about what is kept, not how fast.
    deadlines: { read: '30s', write: '30s', commit: '30s' },
  })
}

/** The moment between the read of a commit and its compare-and-swap. */
export function heldAt(commit: Moment, store: SessionStore): SessionStore {
  return {
    ...store,
    async swap(...args) {
      await commit.pass()
      return store.swap(...args)
    },
  }
}

/** A change of a session that has ended is refused with its own status. */
export const refused: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent || !(error instanceof SessionError)) return next(error)
  res.status(error.status).end()
}

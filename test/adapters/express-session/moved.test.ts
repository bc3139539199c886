/** Visitors of express-session move to a store of ours under the drop-in, and back. */

import real from 'express-session'
import { afterAll, beforeAll, expect, test } from 'vitest'
import session from 'sojourn/express-session'
import { expressSession, formerly } from 'sojourn/formerly'
import { memoryStore } from 'sojourn/stores/memory'
import type { StoredSessions } from 'sojourn'
import { type Site, startSite, visitorOf } from './site.ts'

const secret = 'an evening walk by the quiet harbour'
const said = { secret, resave: false, saveUninitialized: false }
const store = new real.MemoryStore()

const middleware = session({
  ...said,
  store: memoryStore(),
  formerly: formerly({
    sessions: expressSession({ secret, store }),
    until: new Date(Date.now() + 86_400_000),
    userId: 'passport.user',
  }),
})

let before: Site
let after: Site
beforeAll(async () => {
  const pages = (library: any) => (app: any) => {
    app.use(library)
    app.get('/login', (req: any, res: any) => {
      req.session.passport = { user: 'ann' }
      req.session.cart = ['tea']
      res.json({})
    })
    app.get('/look', (req: any, res: any) => res.json({ ...req.session, cookie: undefined }))
    app.get('/id', (req: any, res: any) => res.json({ id: req.sessionID }))
  }
  before = await startSite(pages(real({ ...said, store })))
  after = await startSite(pages(middleware))
})
afterAll(async () => {
  await before.stop()
  await after.stop()
})

test('a visitor stays signed in, and is found by list and revokeUser', async () => {
  const sessions = middleware.sessions as StoredSessions
  const ann = before.visitor()
  await ann.get('/login')
  const old = new Map(ann.cookies)
  const moved = visitorOf(after.url, ann.cookies)
  const data = { passport: { user: 'ann' }, cart: ['tea'] }
  expect((await moved.get('/look')).json).toEqual(data)
  expect((await moved.get('/look')).json).toEqual(data)
  expect((await moved.get('/id')).json).toEqual((await moved.get('/id')).json)
  expect([...moved.cookies.keys()]).toEqual(['session'])
  expect(await sessions.list('ann')).toHaveLength(1)
  // The old session has ended with the move.
  expect((await visitorOf(before.url, old).get('/look')).json).toEqual({})
  await sessions.revokeUser('ann')
  expect((await moved.get('/look')).json).toEqual({})
})

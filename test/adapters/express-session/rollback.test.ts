/** The page "Moving from express-session", with Passport and connect-redis: both steps, and back. */

import { RedisStore } from 'connect-redis'
import real from 'express-session'
import { Passport } from 'passport'
import { createClient } from 'redis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import session from 'sojourn/express-session'
import { expressSession, formerly } from 'sojourn/formerly'
import { redisStore } from 'sojourn/stores/redis'
import { newPrefix } from '../../express-session/start-app.ts'
import { type Site, startSite, visitorOf } from './site.ts'

const secret = 'an evening walk by the quiet harbour'
const said = { secret, resave: false, saveUninitialized: false }
const client = createClient({ url: process.env['REDIS_URL']! })
client.on('error', () => {}) // It connects again.

/** The app of the page, on one of the libraries. */
function passportApp(library: any) {
  const passport = new Passport()
  passport.serializeUser((user: any, done) => done(null, user.id))
  passport.deserializeUser((id, done) => done(null, { id } as never))
  return (app: any) => {
    app.use(library, passport.initialize(), passport.session())
    app.get('/login', (req: any, res: any, next: any) =>
      req.login({ id: 'ann' }, (error: unknown) => (error ? next(error) : res.json({}))),
    )
    app.get('/add', (req: any, res: any) => {
      req.session.cart = [...(req.session.cart ?? []), req.query.item]
      res.json({})
    })
    app.get('/logout', (req: any, res: any, next: any) =>
      req.logout((error: unknown) => (error ? next(error) : res.json({}))),
    )
    app.get('/', (req: any, res: any) =>
      res.json({ user: req.user?.id, cart: req.session.cart ?? [] }),
    )
  }
}

const sites: Site[] = []
async function start(library: unknown): Promise<Site> {
  const site = await startSite(passportApp(library))
  sites.push(site)
  return site
}

beforeAll(() => client.connect())
afterAll(async () => {
  for (const site of sites) await site.stop()
  await client.close()
})

test('with dualWrite a visitor of the second step is still signed in on the old program, with the changes', async () => {
  const prefix = newPrefix()
  // One for each program: express-session puts a function of its middleware into the store.
  const store = () => new RedisStore({ client, prefix })
  const before = await start(real({ ...said, store: store() }))
  const first = await start(session({ ...said, store: store() }))
  const second = await start(
    session({
      ...said,
      store: redisStore(client, { prefix: newPrefix() }),
      formerly: formerly({
        sessions: expressSession({ secret, store: store() }),
        until: new Date(Date.now() + 86_400_000),
        userId: 'passport.user',
        dualWrite: true,
      }),
    }),
  )
  const { cookies, ...ann } = before.visitor()
  await ann.get('/login')
  for (const [site, item] of [
    [first, 'tea'],
    [before, 'jam'],
    [second, 'lamp'],
    [before, 'bread'],
  ] as const) {
    const visitor = visitorOf(site.url, cookies)
    expect((await visitor.get('/')).json).toMatchObject({ user: 'ann' })
    await visitor.get(`/add?item=${item}`)
  }
  expect((await visitorOf(before.url, cookies).get('/')).json).toEqual({
    user: 'ann',
    cart: ['tea', 'jam', 'lamp', 'bread'],
  })
  // A login of the second step is one of the old program, too, and so is a logout.
  const again = second.visitor()
  await again.get('/login')
  const old = visitorOf(before.url, new Map(again.cookies))
  expect((await old.get('/')).json).toMatchObject({ user: 'ann' })
  await again.get('/logout')
  expect((await old.get('/')).json.user).toBeUndefined()
})

test('express-session itself re-signs the cookies of a weak secret, with rolling and both secrets', async () => {
  const prefix = newPrefix()
  const store = () => new RedisStore({ client, prefix })
  const weak = await start(real({ ...said, secret: 'keyboard cat', store: store() }))
  const both = await start(
    real({ ...said, secret: [secret, 'keyboard cat'], rolling: true, store: store() }),
  )
  const strong = await start(session({ ...said, store: store() }))
  const { cookies, ...ann } = weak.visitor()
  await ann.get('/login')
  expect((await visitorOf(strong.url, new Map(cookies)).get('/')).json.user).toBeUndefined()
  await visitorOf(both.url, cookies).get('/')
  expect((await visitorOf(strong.url, cookies).get('/')).json).toMatchObject({ user: 'ann' })
})

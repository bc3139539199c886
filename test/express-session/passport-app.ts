/** An app with Passport as its documentation writes it: a local strategy, OAuth 2, connect-flash. */

import { createHash, randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import flash from 'connect-flash'
import express, { type Express, type RequestHandler } from 'express'
import { Passport } from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { listen } from './site.ts'

const require = createRequire(import.meta.url)
// It has no types.
const OAuth2Strategy = require('passport-oauth2') as new (
  options: object,
  verify: (token: string, refresh: string, profile: object, done: Function) => void,
) => never

/** The one that is asked for: 4 or 5. */
const MAJORS: Readonly<Record<number, typeof express>> = {
  4: require('express4') as typeof express,
  5: express,
}

/** Serves the app. `provider`: the origin of {@link serveProvider}. */
export async function servePassportApp(
  major: number,
  session: RequestHandler,
  provider: string = 'http://provider.invalid',
): Promise<{ origin: string }> {
  const app = MAJORS[major]!()
  const origin = await listen(app as never)
  const passport = new Passport()
  passport.serializeUser((user, done) => done(null, (user as { name: string }).name))
  passport.deserializeUser((name, done) => done(null, { name } as never))
  passport.use(
    new LocalStrategy((name, password, done) =>
      password === 'right'
        ? done(null, { name })
        : done(null, false, { message: 'Wrong password.' }),
    ),
  )
  const oauth = (options: object) =>
    new OAuth2Strategy(
      {
        authorizationURL: `${provider}/authorize`,
        tokenURL: `${provider}/token`,
        clientID: 'app',
        clientSecret: 'of-the-app',
        ...options,
      },
      (token, _refresh, _profile, done) => done(null, { name: token }),
    )
  passport.use('oauth', oauth({ callbackURL: `${origin}/oauth/back`, state: true }))
  passport.use('pkce', oauth({ callbackURL: `${origin}/pkce/back`, state: true, pkce: true }))

  app.use(session, express.urlencoded({ extended: false }), flash())
  app.use(passport.initialize(), passport.session())
  addPages(app, passport)
  return { origin }
}

function addPages(app: Express, passport: InstanceType<typeof Passport>): void {
  app.get('/', (req, res) => {
    const { user, sessionID, session } = req as never as { user?: { name: string } } & typeof req
    const { cart, returnTo } = session as never as Record<string, unknown>
    res.json({ user: user?.name, id: sessionID, cart, returnTo, signedIn: req.isAuthenticated() })
  })
  app.get('/cart', (req, res) => {
    const bag = req.session as never as { cart?: string[] }
    ;(bag.cart ??= []).push('tea')
    res.json(bag.cart)
  })
  app.get('/private', (req, res) => {
    if (req.isAuthenticated()) return void res.send('private')
    ;(req.session as never as { returnTo: string }).returnTo = req.originalUrl
    res.redirect('/login')
  })
  app.get('/login', (req, res) => void res.json(req.flash('error')))
  app.post(
    '/login',
    passport.authenticate('local', {
      successRedirect: '/',
      failureRedirect: '/login',
      failureFlash: true,
    }),
  )
  app.post(
    '/login/keep',
    passport.authenticate('local', {
      successReturnToOrRedirect: '/',
      failureRedirect: '/login',
      keepSessionInfo: true,
    } as never),
  )
  app.post('/login/once', passport.authenticate('local', { session: false }), (req, res) => {
    res.json({ user: (req.user as { name?: string }).name })
  })
  app.post('/logout', (req, res, next) => {
    req.logout((error) => (error ? next(error) : res.redirect('/')))
  })
  app.post('/logout/keep', (req, res, next) => {
    req.logout({ keepSessionInfo: true }, (error) => (error ? next(error) : res.redirect('/')))
  })
  for (const name of ['oauth', 'pkce']) {
    app.get(`/${name}`, passport.authenticate(name))
    const back = { successRedirect: '/', failureRedirect: '/login', failureFlash: true }
    app.get(`/${name}/back`, passport.authenticate(name, back))
  }
  app.get('/flash', (req, res) => {
    req.flash('info', 'Hello %s, %d items', 'Ann', '2')
    req.flash('info', 'again')
    req.flash('list', ['a', 'b'])
    res.redirect('/flashed')
  })
  app.get(
    '/flashed',
    (req, res) => void res.json([req.flash('info'), req.flash('info'), req.flash()]),
  )
  app.get('/flashes', (req, res) => void res.json(req.flash()))
}

/** An OAuth 2 provider whose users always agree. It checks what it was promised with PKCE. */
export async function serveProvider(): Promise<string> {
  const promised = new Map<string, string | undefined>()
  const app = express().use(express.urlencoded({ extended: false }))
  app.get('/authorize', (req, res) => {
    const { redirect_uri, state, code_challenge } = req.query as Record<string, string>
    const code = randomUUID()
    promised.set(code, code_challenge)
    const back = new URL(redirect_uri!)
    back.search = new URLSearchParams({ code, state: state! }).toString()
    res.redirect(back.href)
  })
  app.post('/token', (req, res) => {
    const { code, code_verifier } = req.body as Record<string, string>
    const challenge = promised.get(code!)
    const isKnown = promised.delete(code!)
    const made = code_verifier && createHash('sha256').update(code_verifier).digest('base64url')
    if (!isKnown || challenge !== (made || undefined)) {
      return void res.status(400).json({ error: 'invalid_grant' })
    }
    res.json({ access_token: challenge ? 'ann-by-pkce' : 'ann', token_type: 'bearer' })
  })
  return listen(app as never)
}

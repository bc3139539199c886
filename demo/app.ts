/** The demo's Express app: the sessions, and which file answers what. */

import type { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { inspectorOf, isStored, kindsOf } from './kinds.ts'
import { deviceForms } from './pages/devices.ts'
import { failureOf, notFound } from './pages/failure.ts'
import { homePage } from './pages/home.ts'
import { kindForm } from './pages/kind.ts'
import { languageForm } from './pages/language.ts'
import { profilePage } from './pages/profile.ts'
import { shopPages } from './pages/shop.ts'
import { signInPages } from './pages/sign-in.ts'
import { todoPages } from './pages/todo.ts'
import { thiefPages } from './pages/thief.ts'
import type { Remembered, Site } from './site.ts'
import { inspector, memoryStore, type Sessions, type SessionStore } from './sojourn.ts'
import { trailsOf } from './strip/trail.ts'
import { browserForms, clickForm } from './strip/tries.ts'
import { todosIn } from './todos.ts'
import { demoUsers } from './users.ts'
import { racePages } from './races/in-the-demo.ts'

/** What the app needs. A test gives its own. */
export interface AppOptions {
  db: DatabaseSync
  secret: string
  /** Keeps the sessions of who has not chosen another kind. @default none: a signed cookie does */
  store?: SessionStore | undefined
  /** Tells the time in milliseconds since 1970. @default Date.now */
  clock?: () => number
}

/** The app, and the sessions in its store, which are to be closed at the end. */
export interface Demo {
  app: Express
  sessions: Sessions<Remembered>
}

/** Makes the app; it does not listen yet. */
export function createApp({ db, secret, store, clock = Date.now }: AppOptions): Demo {
  const kinds = kindsOf({
    secret,
    clock,
    store: store ?? memoryStore(),
    first: store ? 'stored' : 'signed',
  })
  const site: Site = {
    sessions: {
      get: async (req) => kinds.of(req as Request).sessions.get(req),
      signedIn: async (req, options) => kinds.of(req as Request).sessions.signedIn(req, options),
    },
    devices: kinds.stored,
    kinds,
    trails: trailsOf(kinds),
    users: demoUsers(),
    todos: todosIn(db),
  }

  const app = express()
  app.disable('x-powered-by')
  // They show sessions, and end them: never in production.
  if (process.env['NODE_ENV'] !== 'production') {
    for (const kind of kinds.all) {
      app.use(inspector(kind.sessions, { secret, path: inspectorOf(kinds, kind) }))
    }
  }
  app.use(policies)
  for (const file of ['style.css', 'strip.css', 'icon.svg']) {
    app.get(`/${file}`, (_req, res) => res.sendFile(join(import.meta.dirname, file)))
  }

  app.use(freshPages)
  app.use(site.trails.middleware)
  app.use(browserForms(site))
  app.use((req, res, next) => kinds.of(req).mount(req, res, next))
  app.use(express.urlencoded({ extended: false, limit: '16kb' }))
  app.use((req, res, next) => kinds.of(req).guard(req, res, next))
  app.use(homePage(site))
  app.use(languageForm(site))
  app.use(kindForm(site))
  app.use(clickForm(site))
  app.use(signInPages(site))
  app.use(profilePage(site))
  const devices = deviceForms(site)
  app.use((req, res, next) => (isStored(kinds.of(req)) ? devices(req, res, next) : next()))
  app.use(shopPages(site))
  app.use('/races', racePages(site))
  app.use(todoPages(site))
  app.use(thiefPages(site))
  app.use(notFound(site))
  app.use(failureOf(site))
  return { app, sessions: kinds.stored }
}

/** No scripts at all, nothing from elsewhere, in nobody's frame. */
function policies(_req: Request, res: Response, next: NextFunction): void {
  res.set({
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
  })
  next()
}

/** After signing out, the way back in the browser must not show what was there before. */
function freshPages(_req: Request, res: Response, next: NextFunction): void {
  res.set('Cache-Control', 'no-store')
  next()
}

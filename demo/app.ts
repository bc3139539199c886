/** The demo's Express app: the sessions, and which file answers what. */

import type { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { deviceForms } from './pages/devices.ts'
import { failureOf, notFound } from './pages/failure.ts'
import { homePage } from './pages/home.ts'
import { languageForm } from './pages/language.ts'
import { profilePage } from './pages/profile.ts'
import { shopPages } from './pages/shop.ts'
import { signInPages } from './pages/sign-in.ts'
import { todoPages } from './pages/todo.ts'
import type { Remembered, Site } from './site.ts'
import {
  createSessions,
  csrfGuard,
  inspector,
  sessionMiddleware,
  type Sessions,
  type SessionStore,
} from './sojourn.ts'
import { todosIn } from './todos.ts'
import { demoUsers } from './users.ts'
import { racePages } from './races/in-the-demo.ts'

/** What the app needs. A test gives its own. */
export interface AppOptions {
  db: DatabaseSync
  secret: string
  /** Keeps the sessions. @default none: the cookie carries them */
  store?: SessionStore | undefined
  /** Tells the time in milliseconds since 1970. @default Date.now */
  clock?: () => number
}

/** The app, and its sessions, which are to be closed at the end. */
export interface Demo {
  app: Express
  sessions: Sessions<Remembered>
}

/** Makes the app; it does not listen yet. */
export function createApp({ db, secret, store, clock = Date.now }: AppOptions): Demo {
  // Everyone is forgotten 30 minutes after their last visit. What "remember me" adds is that the
  // cookie outlives the browser: `session.permanent`.
  const options = { secret, lifetime: { idle: '30m', permanent: '30m' }, clock }
  const devices = store && createSessions<Remembered>({ ...options, store })
  const site: Site = {
    sessions: devices ?? createSessions<Remembered>(options),
    devices,
    users: demoUsers(),
    todos: todosIn(db),
  }

  const app = express()
  app.disable('x-powered-by')
  // It shows sessions, and ends them: never in production.
  if (process.env['NODE_ENV'] !== 'production') app.use(inspector(site.sessions, { secret }))
  app.use(policies)
  app.get('/style.css', (_req, res) => res.sendFile(join(import.meta.dirname, 'style.css')))
  app.get('/icon.svg', (_req, res) => res.sendFile(join(import.meta.dirname, 'icon.svg')))

  app.use(sessionMiddleware(site.sessions))
  app.use(freshPages)
  app.use(express.urlencoded({ extended: false, limit: '16kb' }))
  app.use(csrfGuard(site.sessions))
  app.use(homePage(site))
  app.use(languageForm(site))
  app.use(signInPages(site))
  app.use(profilePage(site))
  app.use(deviceForms(site))
  app.use(shopPages(site))
  app.use('/races', racePages(site))
  app.use(todoPages(site))
  app.use(notFound(site))
  app.use(failureOf(site))
  return { app, sessions: site.sessions }
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

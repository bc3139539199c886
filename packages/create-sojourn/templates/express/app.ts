/** An app with sign-up, sign-in and a page for signed-in users. */

import express, { type Request } from 'express'
import { createSessions, safeNext, type Session } from 'sojourn'
import { inspector } from 'sojourn/devtools'
import { csrfGuard, loginRequired, sessionMiddleware } from 'sojourn/express'
import { checkPassword, signUp } from './users.ts'

type Data = { visits: number }

const secret = process.env.SESSION_SECRET
const sessions = createSessions<Data>({ secret, lifetime: { idle: '2h', permanent: '30d' } })

const app = express()
if (process.env.NODE_ENV === 'development') app.use(inspector(sessions, { secret }))
app.use(sessionMiddleware(sessions))
app.use(express.urlencoded({ extended: false }), csrfGuard(sessions))

app.get('/', async (req, res) => {
  const session = await sessions.get(req)
  const visits = session.update('visits', (n = 0) => n + 1)
  res.send(page(session, `<p id="visits">Visits: ${visits}</p><a href="/account">Your account</a>`))
})

app.get('/login', async (req, res) => {
  const session = await sessions.get(req)
  res.send(page(session, credentials(session, req, 'Sign in') + '<a href="/signup">Sign up</a>'))
})

app.post('/login', async (req, res) => {
  const { name, password } = fieldsOf(req)
  const session = await sessions.get(req)
  const user = await checkPassword(name, password)
  if (!user) {
    session.flash('Wrong name or password.', 'error')
    return res.redirect(303, req.originalUrl)
  }
  session.login(user.id)
  session.permanent = req.body.remember === 'on'
  session.flash(`Welcome, ${user.name}.`)
  res.redirect(303, safeNext(req.query.next, '/account'))
})

app.get('/signup', async (req, res) => {
  const session = await sessions.get(req)
  res.send(page(session, credentials(session, req, 'Sign up')))
})

app.post('/signup', async (req, res) => {
  const { name, password } = fieldsOf(req)
  const session = await sessions.get(req)
  const problem = await signUp(name, password)
  session.flash(problem ?? 'You can sign in now.', problem ? 'error' : 'message')
  res.redirect(303, problem ? '/signup' : '/login')
})

app.get('/account', loginRequired(sessions, { redirect: '/login' }), async (req, res) => {
  const session = await sessions.signedIn(req)
  const button = form(session, '/logout', '<button>Sign out</button>')
  res.send(page(session, `<h1>Account of ${escape(session.userId)}</h1>${button}`))
})

app.post('/logout', async (req, res) => {
  const session = await sessions.get(req)
  session.logout()
  session.flash('Signed out.')
  res.redirect(303, '/')
})

function fieldsOf(req: Request): { name: string; password: string } {
  const { name, password } = (req.body ?? {}) as Record<string, unknown>
  return { name: String(name ?? ''), password: String(password ?? '') }
}

function credentials(session: Session<Data>, req: Request, label: string): string {
  return form(
    session,
    req.originalUrl,
    `<label>Name <input name="name" autocomplete="username"></label>
    <label>Password <input name="password" type="password"></label>
    ${label === 'Sign in' ? '<label><input name="remember" type="checkbox"> Stay signed in</label>' : ''}
    <button>${label}</button>`,
  )
}

function form(session: Session<Data>, action: string, content: string): string {
  return `<form method="post" action="${escape(action)}">
    <input type="hidden" name="_csrf" value="${session.csrfToken()}">${content}</form>`
}

function page(session: Session<Data>, content: string): string {
  const flashes = session
    .flashes()
    .map(({ category, message }) => `<p class="${escape(category)}">${escape(message)}</p>`)
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>My app</title>
    <meta name="viewport" content="width=device-width">${flashes.join('')}${content}</html>`
}

/** Makes text safe inside HTML. */
function escape(text: unknown): string {
  return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

const port = process.env.PORT ?? 3000
app.listen(port, () => console.log(`http://localhost:${port}`))

/** An app with sign-up, sign-in and a page for signed-in users. */

import { serve } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import { createSessions, safeNext, type Session } from 'sojourn'
import { csrfGuard, loginRequired, sessionMiddleware } from 'sojourn/hono'
import { checkPassword, signUp } from './users.ts'

type Data = { visits: number }
type Html = ReturnType<typeof html>

const secret = process.env.SESSION_SECRET
const sessions = createSessions<Data>({ secret, lifetime: { idle: '2h', permanent: '30d' } })

const app = new Hono()
app.use(sessionMiddleware(sessions), csrfGuard(sessions))
app.use('/account', loginRequired(sessions, { redirect: '/login' }))

app.get('/', async (c) => {
  const session = await sessions.get(c)
  const visits = session.update('visits', (n = 0) => n + 1)
  const content = html`<p id="visits">Visits: ${visits}</p>
    <a href="/account">Your account</a>`
  return c.html(page(session, content))
})

app.get('/login', async (c) => {
  const session = await sessions.get(c)
  const content = html`${credentials(session, c, 'Sign in')}<a href="/signup">Sign up</a>`
  return c.html(page(session, content))
})

app.post('/login', async (c) => {
  const { name, password, remember } = await fieldsOf(c)
  const session = await sessions.get(c)
  const user = await checkPassword(name, password)
  if (!user) {
    session.flash('Wrong name or password.', 'error')
    return c.redirect(pathOf(c), 303)
  }
  session.login(user.id)
  session.permanent = remember
  session.flash(`Welcome, ${user.name}.`)
  return c.redirect(safeNext(c.req.query('next'), '/account'), 303)
})

app.get('/signup', async (c) => {
  const session = await sessions.get(c)
  return c.html(page(session, credentials(session, c, 'Sign up')))
})

app.post('/signup', async (c) => {
  const { name, password } = await fieldsOf(c)
  const session = await sessions.get(c)
  const problem = await signUp(name, password)
  session.flash(problem ?? 'You can sign in now.', problem ? 'error' : 'message')
  return c.redirect(problem ? '/signup' : '/login', 303)
})

app.get('/account', async (c) => {
  const session = await sessions.signedIn(c)
  const button = form(session, '/logout', html`<button>Sign out</button>`)
  return c.html(
    page(
      session,
      html`<h1>Account of ${session.userId}</h1>
        ${button}`,
    ),
  )
})

app.post('/logout', async (c) => {
  const session = await sessions.get(c)
  session.logout()
  session.flash('Signed out.')
  return c.redirect('/', 303)
})

async function fieldsOf(
  c: Context,
): Promise<{ name: string; password: string; remember: boolean }> {
  const { name, password, remember } = await c.req.parseBody()
  return { name: String(name ?? ''), password: String(password ?? ''), remember: remember === 'on' }
}

function pathOf(c: Context): string {
  const { pathname, search } = new URL(c.req.url)
  return pathname + search
}

function credentials(session: Session<Data>, c: Context, label: string): Html {
  const remember = html`<label><input name="remember" type="checkbox" /> Stay signed in</label>`
  return form(
    session,
    pathOf(c),
    html`<label>Name <input name="name" autocomplete="username" /></label>
      <label>Password <input name="password" type="password" /></label>
      ${label === 'Sign in' ? remember : ''} <button>${label}</button>`,
  )
}

function form(session: Session<Data>, action: string, content: Html): Html {
  return html`<form method="post" action="${action}">
    <input type="hidden" name="_csrf" value="${session.csrfToken()}" />${content}
  </form>`
}

function page(session: Session<Data>, content: Html): Html {
  const flashes = session
    .flashes()
    .map(({ category, message }) => html`<p class="${category}">${String(message)}</p>`)
  return html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width" />
      <title>My app</title>
      ${flashes}${content}
    </html>`
}

const port = Number(process.env.PORT ?? 3000)
serve({ fetch: app.fetch, port }, () => console.log(`http://localhost:${port}`))

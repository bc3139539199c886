/** The account pages, in Express: they share login, cart and flashes with the shop in app.py. */

import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import express, { type NextFunction, type Request, type Response } from 'express'
import { csrfGuard, loginRequired, sessionMiddleware } from 'sojourn/express'
import { remember, sessions } from './sessions.ts'

// One user. Both apps read the same table of users in a real project.
const salt = randomBytes(16)
const ada = { name: 'ada', hash: scryptSync('engine-1843', salt, 64) }

const app = express()
app.use(sessionMiddleware(sessions), express.urlencoded())
app.use('/account', csrfGuard(sessions), fromRememberCookie)

/** Signs in whoever only has Flask-Login's `remember_token`. The login is not fresh. */
async function fromRememberCookie(req: Request, _res: Response, next: NextFunction) {
  if (remember.verify(req.headers.cookie) !== undefined) {
    const session = await sessions.get(req)
    const user = remember.signIn(session, req.headers.cookie)
    if (user !== undefined && user !== ada.name) session.logout()
  }
  next()
}

app.get('/account', async (req, res) => {
  const session = await sessions.get(req)
  const isFresh = session.get('_fresh', false) ? 'fresh' : 'not fresh'
  const who = session.userId
    ? `${session.userId} is signed in, ${isFresh}.`
    : 'Nobody is signed in.'
  const flashes = session.flashes().map(({ message }) => `<p role="status">${html(message)}</p>`)
  const cart = Object.entries(session.get('cart', {})).map(
    ([name, count]) => `<li>${html(name)} ${html(count)}
      <form method="post" action="/account/remove">
        <button name="product" value="${html(name)}">Remove ${html(name)}</button>
      </form></li>`,
  )
  res.send(`<!doctype html><title>Account</title>${flashes.join('')}
    <p id="user">${html(who)}</p><ul id="cart">${cart.join('')}</ul>
    <form method="post" action="/account/logout"><button>Sign out</button></form>
    <a href="/shop">The shop</a> <a href="/account/password">Your password</a>`)
})

app.post('/account/remove', async (req, res) => {
  const session = await sessions.get(req)
  const product = String(req.body?.product)
  session.update('cart', (cart = {}) => {
    const { [product]: _removed, ...rest } = cart
    return rest
  })
  session.flash(`The account removed ${product}.`)
  res.redirect(303, '/shop')
})

// Only for who typed the password in this browser: not for a login from `remember_token`.
app.get(
  '/account/password',
  loginRequired(sessions, { fresh: true, redirect: '/account/login' }),
  (_req, res) => {
    res.send('<!doctype html><title>Password</title>Here you may change your password.')
  },
)

app.get('/account/login', (_req, res) => {
  res.send(`<!doctype html><title>Sign in</title><form method="post">
    <label>Name <input name="name"></label>
    <label>Password <input name="password" type="password"></label>
    <label><input name="remember" type="checkbox"> Remember me</label>
    <button>Sign in</button></form>`)
})

app.post('/account/login', async (req, res) => {
  const session = await sessions.get(req)
  const { name, password, remember: isAsked } = req.body ?? {}
  const isRight = timingSafeEqual(scryptSync(String(password), salt, 64), ada.hash)
  if (name !== ada.name || !isRight) return res.status(401).send('Wrong name or password.')
  session.login(ada.name)
  session.flash('You signed in at the account.')
  if (isAsked) res.append('Set-Cookie', remember.issue(ada.name))
  res.redirect(303, '/shop')
})

app.post('/account/logout', async (req, res) => {
  const session = await sessions.get(req)
  // As logout_user() does, and unlike logout() alone: the cart stays.
  session.logout({ keep: ['cart'] })
  res.append('Set-Cookie', remember.clear()).redirect(303, '/shop')
})

/** A name or a message may be a visitor's own words. */
function html(value: unknown): string {
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

app.listen(3000)

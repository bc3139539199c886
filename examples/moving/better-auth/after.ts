/** The shop after the move: better-auth signs in and out, and the session is Sojourn's. */

import { betterAuth } from 'better-auth'
import { createAuthMiddleware } from 'better-auth/api'
import { fromNodeHeaders, toNodeHandler } from 'better-auth/node'
import express, { type RequestHandler } from 'express'
import { createSessions } from 'sojourn'
import { sessionMiddleware } from 'sojourn/express'
import { accounts } from './auth.ts'

const sessions = createSessions<{ name: string; cart: string[] }>({
  secret: process.env.SESSION_SECRET,
})

const auth = betterAuth({
  ...accounts,
  hooks: {
    after: createAuthMiddleware(async ({ path, context: { newSession } }) => {
      if (path === '/sign-out') (await sessions.current()).logout()
      if (newSession) await signIn(newSession.user)
    }),
  },
})

/** Signs in on our side who has just signed in by better-auth. */
async function signIn({ id, name }: { id: string; name: string }): Promise<void> {
  const session = await sessions.current()
  // better-auth also reports a session that it has only renewed.
  if (session.userId !== id) session.login(id)
  session.set('name', name)
}

const app = express()
app.use(sessionMiddleware(sessions))
app.all('/api/auth/*splat', toNodeHandler(auth))
app.use(express.urlencoded())
app.use(formerlyBetterAuth(new Date(process.env.MOVED_UNTIL ?? '2027-03-01')))

app.get('/', async (req, res) => {
  const session = await sessions.get(req)
  const [name, cart] = [session.get('name'), session.get('cart', [])]
  res.type('text').send(`Signed in: ${name ?? 'nobody'}. Cart: ${cart.join(', ')}.`)
})

app.post('/cart', async (req, res) => {
  const session = await sessions.signedIn(req)
  session.update('cart', (cart = []) => [...cart, req.body.item])
  res.redirect(303, '/')
})

/** Until that day: who signed in before the move gets a session, once better-auth has verified his. */
function formerlyBetterAuth(until: Date): RequestHandler {
  return async (req, _res, next) => {
    const session = await sessions.get(req)
    if (session.userId !== undefined || Date.now() >= until.getTime()) return next()
    const found = await auth.api.getSession({ headers: fromNodeHeaders(req.headers) })
    if (found) {
      await signIn(found.user)
      session.set('cart', found.session.cart ?? [])
    }
    next()
  }
}

app.listen(3000)

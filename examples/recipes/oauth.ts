/** Signs in with another provider (OAuth 2.0 with PKCE): `state` and the verifier wait in the session. */

import { createHash, randomBytes } from 'node:crypto'
import express from 'express'
import { createSessions, safeNext } from 'sojourn'
import { sessionMiddleware } from 'sojourn/express'

const PROVIDER = process.env.PROVIDER ?? 'https://provider.example'
const CALLBACK = process.env.CALLBACK ?? 'http://localhost:3000/callback'
const CLIENT = { client_id: 'shop', client_secret: process.env.CLIENT_SECRET ?? '' }

interface Data {
  oauth: { state: string; verifier: string; next: string }
}
const sessions = createSessions<Data>({ secret: process.env.SESSION_SECRET })

const app = express()
app.use(sessionMiddleware(sessions))

app.get('/login', async (req, res) => {
  const session = await sessions.get(req)
  const state = randomBytes(16).toString('base64url')
  const verifier = randomBytes(32).toString('base64url')
  session.set('oauth', { state, verifier, next: safeNext(req.query.next, '/') })
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: CLIENT.client_id,
    redirect_uri: CALLBACK,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  res.redirect(303, `${PROVIDER}/authorize?${query}`)
})

app.get('/callback', async (req, res) => {
  const session = await sessions.get(req)
  // Without the check anybody could sign a visitor in to an account of theirs (login CSRF).
  const oauth = session.pop('oauth')
  if (!oauth || req.query.state !== oauth.state)
    return res.status(400).send('Please sign in again.')
  const token = await fetch(`${PROVIDER}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      ...CLIENT,
      grant_type: 'authorization_code',
      code: String(req.query.code),
      redirect_uri: CALLBACK,
      code_verifier: oauth.verifier,
    }),
  })
  if (!token.ok) return res.status(403).send('The provider refused the sign-in.')
  const { user_id } = (await token.json()) as { user_id: string }
  session.login(user_id)
  res.redirect(303, oauth.next)
})

app.get('/', async (req, res) => {
  const { userId = 'nobody' } = await sessions.get(req)
  res.send(`Signed in: ${userId}.`)
})

app.listen(3000)

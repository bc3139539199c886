/** A shop after the move: the same routes and the same cookie, and the session is Sojourn's. */

import { serve } from '@hono/node-server'
import { createStaticHandler, redirect, type RouteObject } from 'react-router'
import { createSessions } from 'sojourn'
import { reactRouterSession } from 'sojourn/formerly'
import { sessionStorage } from 'sojourn/react-router'

type Data = { userId: string; cart: string[] }

const sessions = createSessions<Data>(
  reactRouterSession({
    cookie: { name: '__session', secrets: [process.env.SESSION_SECRET], httpOnly: true },
  }),
)
const { getSession, commitSession, destroySession } = sessionStorage(sessions)

const routes: RouteObject[] = [
  {
    path: '/',
    async loader({ request }) {
      const session = await getSession(request.headers.get('cookie'))
      const [userId, cart] = [session.session.userId, session.get('cart') ?? []]
      return new Response(`Signed in: ${userId ?? 'nobody'}. Cart: ${cart.join(', ')}.`)
    },
  },
  {
    path: '/login',
    async action({ request }) {
      const session = await getSession(request.headers.get('cookie'))
      session.session.login(String((await request.formData()).get('name')))
      return redirect('/', { headers: { 'Set-Cookie': await commitSession(session) } })
    },
  },
  {
    path: '/cart',
    async action({ request }) {
      const session = await getSession(request.headers.get('cookie'))
      const item = String((await request.formData()).get('item'))
      session.set('cart', [...(session.get('cart') ?? []), item])
      return redirect('/', { headers: { 'Set-Cookie': await commitSession(session) } })
    },
  },
  {
    path: '/logout',
    async action({ request }) {
      const session = await getSession(request.headers.get('cookie'))
      return redirect('/', { headers: { 'Set-Cookie': await destroySession(session) } })
    },
  },
]

// An app in framework mode has these routes in app/routes, and needs none of what follows.
const { queryRoute } = createStaticHandler(routes)
serve({ fetch: (request) => queryRoute(request), port: 3000 })

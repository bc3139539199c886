/** A shop before the move: React Router's routes, and its own session cookie. */

import { serve } from '@hono/node-server'
import {
  createCookieSessionStorage,
  createStaticHandler,
  redirect,
  type RouteObject,
} from 'react-router'

type Data = { userId: string; cart: string[] }

const { getSession, commitSession, destroySession } = createCookieSessionStorage<Data>({
  cookie: { name: '__session', secrets: [process.env.SESSION_SECRET!], httpOnly: true },
})

const routes: RouteObject[] = [
  {
    path: '/',
    async loader({ request }) {
      const session = await getSession(request.headers.get('cookie'))
      const [userId, cart] = [session.get('userId'), session.get('cart') ?? []]
      return new Response(`Signed in: ${userId ?? 'nobody'}. Cart: ${cart.join(', ')}.`)
    },
  },
  {
    path: '/login',
    async action({ request }) {
      const session = await getSession(request.headers.get('cookie'))
      session.set('userId', String((await request.formData()).get('name')))
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

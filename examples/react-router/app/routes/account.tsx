import { Link } from 'react-router'
import { loginRequired } from 'sojourn/react-router'
import { sessions } from '../sessions.server.ts'
import type { Route } from './+types/account.ts'

export const middleware: Route.MiddlewareFunction[] = [
  loginRequired(sessions, { redirect: '/login' }),
]

// Without a loader, a navigation in the browser would not ask the server, nor the middleware.
export async function loader({ context }: Route.LoaderArgs) {
  const { userId } = await sessions.signedIn(context)
  return { name: userId }
}

export default function Account({ loaderData }: Route.ComponentProps) {
  return (
    <>
      <h1>{`Account of ${loaderData.name}`}</h1>
      <Link to="/">Home</Link>
    </>
  )
}

import type { ReactNode } from 'react'
import { isRouteErrorResponse, Links, Meta, Outlet, Scripts } from 'react-router'
import { csrfGuard, sessionMiddleware } from 'sojourn/react-router'
import type { Route } from './+types/root.ts'
import { sessions } from './sessions.server.ts'

export const middleware: Route.MiddlewareFunction[] = [
  sessionMiddleware(sessions),
  csrfGuard(sessions),
]

export function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <title>Sojourn and React Router</title>
        <Meta />
        <Links />
      </head>
      <body>
        {children}
        <Scripts />
      </body>
    </html>
  )
}

export default function App() {
  return <Outlet />
}

export function ErrorBoundary({ error }: Route.ErrorBoundaryProps) {
  // A session error that has a status, such as 401, comes with a text for visitors.
  if (isRouteErrorResponse(error)) return <h1>{`${error.status} ${error.data}`}</h1>
  return <h1>Something went wrong</h1>
}

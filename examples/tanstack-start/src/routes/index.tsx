import { createFileRoute, Link } from '@tanstack/react-router'
import { createServerFn } from '@tanstack/react-start'
import { Flashes } from '../flashes.tsx'
import { sessions } from '../sessions.ts'

const loadHome = createServerFn().handler(async () => {
  const session = await sessions.current()
  return {
    visits: session.update('visits', (n = 0) => n + 1),
    name: session.userId,
    flashes: session.flashes().map(({ message }) => String(message)),
    token: session.csrfToken(),
  }
})

export const Route = createFileRoute('/')({ loader: () => loadHome(), component: Home })

function Home() {
  const { visits, name, flashes, token } = Route.useLoaderData()
  return (
    <>
      <Flashes messages={flashes} />
      <p id="visits">{`Visits: ${visits}`}</p>
      <p id="who">{name === undefined ? 'Not signed in' : `Signed in as ${name}`}</p>
      <p>
        <Link to="/cart">Cart</Link> <Link to="/account">Account</Link>{' '}
        {name === undefined && <Link to="/login">Sign in</Link>}
      </p>
      {name !== undefined && (
        <form method="post" action="/logout">
          <input type="hidden" name="_csrf" value={token} />
          <button>Sign out</button>
        </form>
      )}
    </>
  )
}

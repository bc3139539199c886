import { Form, Link, redirect } from 'react-router'
import { Flashes } from '../flashes.tsx'
import { sessions } from '../sessions.server.ts'
import type { Route } from './+types/home.ts'

export async function loader({ context }: Route.LoaderArgs) {
  const session = await sessions.get(context)
  return {
    visits: session.update('visits', (n = 0) => n + 1),
    name: session.userId,
    flashes: session.flashes().map(({ message }) => String(message)),
    token: session.csrfToken(),
  }
}

export async function action({ context }: Route.ActionArgs) {
  const session = await sessions.get(context)
  session.logout()
  session.flash('Signed out')
  return redirect('/', 303)
}

export default function Home({ loaderData }: Route.ComponentProps) {
  const { visits, name, flashes, token } = loaderData
  return (
    <>
      <Flashes messages={flashes} />
      <p id="visits">{`Visits: ${visits}`}</p>
      <p id="who">{name === undefined ? 'Not signed in' : `Signed in as ${name}`}</p>
      <p>
        <Link to="/cart" prefetch="intent">
          Cart
        </Link>{' '}
        <Link to="/account" prefetch="intent">
          Account
        </Link>{' '}
        {name === undefined && <Link to="/login">Sign in</Link>}
      </p>
      {name !== undefined && (
        <Form method="post" action="/?index">
          <input type="hidden" name="_csrf" value={token} />
          <button>Sign out</button>
        </Form>
      )}
    </>
  )
}

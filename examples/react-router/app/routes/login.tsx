import { Form, redirect } from 'react-router'
import { safeNext } from 'sojourn'
import { Flashes } from '../flashes.tsx'
import { sessions } from '../sessions.server.ts'
import type { Route } from './+types/login.ts'

export async function loader({ context, url }: Route.LoaderArgs) {
  const session = await sessions.get(context)
  return {
    next: url.searchParams.get('next') ?? '',
    flashes: session.flashes().map(({ message }) => String(message)),
    token: session.csrfToken(),
  }
}

export async function action({ context, request }: Route.ActionArgs) {
  const form = await request.formData()
  // A real app checks a password here.
  const name = String(form.get('name'))
  const session = await sessions.get(context)
  session.login(name)
  session.flash(`Welcome, ${name}`)
  return redirect(safeNext(String(form.get('next')), '/'), 303)
}

export default function Login({ loaderData }: Route.ComponentProps) {
  const { next, flashes, token } = loaderData
  return (
    <>
      <Flashes messages={flashes} />
      <Form method="post" action="/login">
        <input type="hidden" name="_csrf" value={token} />
        <input type="hidden" name="next" value={next} />
        <input name="name" required />
        <button>Sign in</button>
      </Form>
    </>
  )
}

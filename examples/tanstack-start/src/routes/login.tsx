import { createFileRoute } from '@tanstack/react-router'
import { createServerFn } from '@tanstack/react-start'
import { safeNext } from 'sojourn'
import { seeOther } from '../see-other.ts'
import { sessions } from '../sessions.ts'

const loadLogin = createServerFn().handler(async () => {
  const session = await sessions.current()
  return { token: session.csrfToken() }
})

export const Route = createFileRoute('/login')({
  validateSearch: ({ next }) => (typeof next === 'string' ? { next } : {}),
  loader: () => loadLogin(),
  component: Login,
  server: {
    handlers: {
      POST: async ({ request }) => {
        const form = await request.formData()
        // A real app checks a password here.
        const name = String(form.get('name'))
        const session = await sessions.current()
        session.login(name)
        session.flash(`Welcome, ${name}`)
        return seeOther(safeNext(String(form.get('next')), '/'))
      },
    },
  },
})

function Login() {
  const { token } = Route.useLoaderData()
  const { next = '' } = Route.useSearch()
  return (
    <form method="post" action="/login">
      <input type="hidden" name="_csrf" value={token} />
      <input type="hidden" name="next" value={next} />
      <input name="name" required />
      <button>Sign in</button>
    </form>
  )
}

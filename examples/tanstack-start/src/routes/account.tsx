import { createFileRoute, Link, redirect } from '@tanstack/react-router'
import { createServerFn } from '@tanstack/react-start'
import { sessions } from '../sessions.ts'

const loadAccount = createServerFn().handler(async () => {
  const session = await sessions.current()
  if (session.userId === undefined) throw redirect({ to: '/login', search: { next: '/account' } })
  return { name: session.userId }
})

export const Route = createFileRoute('/account')({
  loader: () => loadAccount(),
  component: Account,
})

function Account() {
  return (
    <>
      <h1>{`Account of ${Route.useLoaderData().name}`}</h1>
      <Link to="/">Home</Link>
    </>
  )
}

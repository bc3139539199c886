import Link from 'next/link'
import { get } from '../lib/sessions'
import { logout } from './actions'
import { CsrfField, Flashes } from './parts'

export default async function Home() {
  const session = await get()
  const { userId } = session
  return (
    <main>
      <Flashes />
      <p id="visits">Visits: {session.get('visits', 0)}</p>
      <p id="who">{userId === undefined ? 'Not signed in' : `Signed in as ${userId}`}</p>
      <p>
        <Link href="/cart">Cart</Link> <Link href="/account">Account</Link>
      </p>
      {userId === undefined ? (
        <Link href="/login">Sign in</Link>
      ) : (
        <form action={logout}>
          <CsrfField />
          <button>Sign out</button>
        </form>
      )}
    </main>
  )
}

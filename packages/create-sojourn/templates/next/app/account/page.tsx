import { signedIn } from '../../lib/sessions'
import { logout } from '../actions'
import { CsrfField } from '../parts'

export default async function Account() {
  const session = await signedIn({ redirect: '/login?next=%2Faccount' })
  return (
    <>
      <h1>Account of {session.userId}</h1>
      <form action={logout}>
        <CsrfField />
        <button>Sign out</button>
      </form>
    </>
  )
}

import Link from 'next/link'
import { signedIn } from '../../lib/sessions'

export default async function Account() {
  const session = await signedIn({ redirect: '/login?next=%2Faccount' })
  return (
    <main>
      <h1>Account of {session.userId}</h1>
      <Link href="/">Home</Link>
    </main>
  )
}

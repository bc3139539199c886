import Link from 'next/link'
import { login } from '../actions'
import { Credentials } from '../parts'

type Props = { searchParams: Promise<{ next?: string }> }

export default async function Login({ searchParams }: Props) {
  const { next = '/account' } = await searchParams
  return (
    <>
      <Credentials action={login} label="Sign in" next={next} />
      <Link href="/signup">Sign up</Link>
    </>
  )
}

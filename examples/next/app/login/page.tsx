import { login } from '../actions'
import { CsrfField } from '../parts'

type Props = { searchParams: Promise<{ next?: string }> }

export default async function Login({ searchParams }: Props) {
  const { next = '/' } = await searchParams
  return (
    <form action={login}>
      <CsrfField />
      <input type="hidden" name="next" value={next} />
      <label>
        Name <input name="name" />
      </label>
      <button>Sign in</button>
    </form>
  )
}

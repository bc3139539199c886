/** The form to sign in or to sign up, and the hidden field with the CSRF token. */

import { get } from '../lib/sessions'

export async function CsrfField() {
  const session = await get()
  return <input type="hidden" name="_csrf" value={session.csrfToken()} />
}

type Props = { action: (form: FormData) => Promise<void>; label: string; next?: string }

export function Credentials({ action, label, next }: Props) {
  return (
    <form action={action}>
      <CsrfField />
      {next !== undefined && <input type="hidden" name="next" value={next} />}
      <label>
        Name <input name="name" autoComplete="username" />
      </label>
      <label>
        Password <input name="password" type="password" />
      </label>
      <button>{label}</button>
    </form>
  )
}

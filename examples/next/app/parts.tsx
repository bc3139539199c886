/** What several pages show. */

import { flashes, get } from '../lib/sessions'

export async function Flashes() {
  const messages = await flashes()
  return messages.map(({ message }) => (
    <p className="flash" key={message}>
      {message}
    </p>
  ))
}

export async function CsrfField() {
  const session = await get()
  return <input type="hidden" name="_csrf" value={session.csrfToken()} />
}

import { defineHandler, getQuery, html } from 'nitro/h3'
import { escape, form } from '../html.ts'
import { sessions } from '../sessions.ts'

export default defineHandler(async (event) => {
  const session = await sessions.get(event)
  const { next = '' } = getQuery(event)
  const fields = `<input name="next" type="hidden" value="${escape(next)}">
    <label>Name <input name="name"></label> <button>Sign in</button>`
  return html`${form('/login', session, fields)}`
})

import { defineHandler, html } from 'nitro/h3'
import { loginRequired } from 'sojourn/h3'
import { sessions } from '../sessions.ts'

export default defineHandler({
  middleware: [loginRequired(sessions, { redirect: '/login' })],
  async handler(event) {
    const { userId } = await sessions.signedIn(event)
    return html`<h1>Account of ${userId}</h1>
      <a href="/">Home</a>`
  },
})

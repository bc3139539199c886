import { defineHandler, readBody, redirect } from 'nitro/h3'
import { safeNext } from 'sojourn'
import { sessions } from '../sessions.ts'

export default defineHandler(async (event) => {
  const session = await sessions.get(event)
  const { name = '', next } = (await readBody<{ name?: string; next?: string }>(event)) ?? {}
  session.login(name)
  session.flash(`Welcome, ${name}`)
  return redirect(safeNext(next, '/'), 303)
})

import { defineHandler, redirect } from 'nitro/h3'
import { sessions } from '../sessions.ts'

export default defineHandler(async (event) => {
  const session = await sessions.get(event)
  session.logout()
  session.flash('Signed out')
  return redirect('/', 303)
})

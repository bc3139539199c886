import type { APIRoute } from 'astro'
import { sessions } from '../sessions.ts'

export const POST: APIRoute = async ({ request, redirect }) => {
  const session = await sessions.get(request)
  session.logout()
  session.flash('Signed out')
  return redirect('/', 303)
}

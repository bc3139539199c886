import { redirect } from '@sveltejs/kit'
import { sessions } from '../lib/server/sessions.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals }) => {
  const session = await sessions.get(locals)
  return {
    visits: session.update('visits', (n = 0) => n + 1),
    name: session.userId,
    flashes: session.flashes().map(({ message }) => String(message)),
    token: session.csrfToken(),
  }
}

export const actions: Actions = {
  logout: async ({ locals }) => {
    const session = await sessions.get(locals)
    session.logout()
    session.flash('Signed out')
    redirect(303, '/')
  },
}

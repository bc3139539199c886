import { redirect } from '@sveltejs/kit'
import { safeNext } from 'sojourn'
import { sessions } from '../../lib/server/sessions.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => {
  const session = await sessions.get(locals)
  return { next: url.searchParams.get('next') ?? '', token: session.csrfToken() }
}

export const actions: Actions = {
  default: async ({ locals, request }) => {
    const form = await request.formData()
    // A real app checks a password here.
    const name = String(form.get('name'))
    const session = await sessions.get(locals)
    session.login(name)
    session.flash(`Welcome, ${name}`)
    redirect(303, safeNext(String(form.get('next')), '/'))
  },
}

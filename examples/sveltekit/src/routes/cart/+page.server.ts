import { redirect } from '@sveltejs/kit'
import { sessions } from '../../lib/server/sessions.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals }) => {
  const session = await sessions.get(locals)
  return {
    items: session.get('cart', []),
    flashes: session.flashes().map(({ message }) => String(message)),
    token: session.csrfToken(),
  }
}

export const actions: Actions = {
  default: async ({ locals, request }) => {
    const item = String((await request.formData()).get('item'))
    const session = await sessions.get(locals)
    session.update('cart', (items = []) => [...items, item])
    session.flash(`Added ${item}`)
    redirect(303, '/cart')
  },
}

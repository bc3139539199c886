'use server'

import { redirect } from 'next/navigation'
import { safeNext } from 'sojourn'
import { csrfGuard, get, withSessions } from '../lib/sessions'
import { checkPassword, signUp } from '../users'

export const login = withSessions(
  csrfGuard(async (form: FormData) => {
    const session = await get()
    const next = safeNext(String(form.get('next')), '/account')
    const user = await checkPassword(String(form.get('name')), String(form.get('password')))
    if (!user) {
      session.flash('Wrong name or password.', 'error')
      redirect(`/login?next=${encodeURIComponent(next)}`)
    }
    session.login(user.id)
    session.flash(`Welcome, ${user.name}.`)
    redirect(next)
  }),
)

export const register = withSessions(
  csrfGuard(async (form: FormData) => {
    const session = await get()
    const problem = await signUp(String(form.get('name')), String(form.get('password')))
    session.flash(problem ?? 'You can sign in now.', problem ? 'error' : 'message')
    redirect(problem ? '/signup' : '/login')
  }),
)

export const logout = withSessions(
  csrfGuard(async () => {
    const session = await get()
    session.logout()
    session.flash('Signed out.')
    redirect('/')
  }),
)

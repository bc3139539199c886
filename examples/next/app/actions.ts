'use server'

import { redirect } from 'next/navigation'
import { safeNext } from 'sojourn'
import { csrfGuard, get, withSessions } from '../lib/sessions'

export const login = withSessions(
  csrfGuard(async (form: FormData) => {
    const session = await get()
    session.login(String(form.get('name')))
    session.flash(`Welcome, ${session.userId}`)
    redirect(safeNext(String(form.get('next')), '/'))
  }),
)

export const logout = withSessions(
  csrfGuard(async () => {
    const session = await get()
    session.logout()
    session.flash('Signed out')
    redirect('/')
  }),
)

export const addToCart = withSessions(
  csrfGuard(async (form: FormData) => {
    const item = String(form.get('item'))
    const session = await get()
    session.update('cart', (items = []) => [...items, item])
    session.flash(`Added ${item}`)
    redirect('/cart')
  }),
)

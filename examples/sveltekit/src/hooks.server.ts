import type { Handle } from '@sveltejs/kit/hooks'
import { sequence } from '@sveltejs/kit/hooks'
import { csrfGuard, handleSessionErrors, handleSessions, loginRequired } from 'sojourn/sveltekit'
import { sessions } from './lib/server/sessions.ts'

const signedIn = loginRequired(sessions, { redirect: '/login' })

const guardAccount: Handle = ({ event, resolve }) =>
  event.route.id?.startsWith('/account') ? signedIn({ event, resolve }) : resolve(event)

export const handle = sequence(handleSessions(sessions), csrfGuard(sessions), guardAccount)

export const handleError = handleSessionErrors(({ error }) => console.error(error))

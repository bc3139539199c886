/** The sessions of the app, encrypted in the cookie. */

import { cookies, headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { createSessions } from 'sojourn'
import { nextSessions } from 'sojourn/next'

export const sessions = createSessions({
  secret: process.env.SESSION_SECRET,
  encrypt: true,
  lifetime: { idle: '2h' },
})

export const { get, signedIn, flashes, withSessions, csrfGuard } = nextSessions(sessions, {
  cookies,
  headers,
  redirect,
})

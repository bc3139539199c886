/** The sessions of the app, encrypted in the cookie. Next loads this file several times. */

import { cookies, headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { createSessions } from 'sojourn'
import { nextSessions } from 'sojourn/next'

export const sessions = createSessions<{ visits: number; cart: string[] }>({
  secret: process.env.SESSION_SECRET,
  encrypt: true,
})

export const { get, signedIn, flashes, withSessions, csrfGuard } = nextSessions(sessions, {
  cookies,
  headers,
  redirect,
})

/** Runs before each page: renews the session, takes flash messages to the page, counts visits. */

import { type NextRequest, NextResponse } from 'next/server'
import { sessionProxy } from 'sojourn/next'
import { sessions } from './lib/sessions'

export const proxy = sessionProxy<NextRequest>(sessions, NextResponse.next, {
  showsFlashes: ({ nextUrl }) => nextUrl.pathname === '/' || nextUrl.pathname === '/cart',
  // A page cannot write, so visits are counted here.
  async handler(request) {
    if (request.method !== 'GET' || request.nextUrl.pathname !== '/') return
    const session = await sessions.get(request)
    session.update('visits', (visits = 0) => visits + 1)
  },
})

export const config = { matcher: '/((?!_next/|favicon.ico).*)' }

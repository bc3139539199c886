/** Runs before each page: renews the session, and passes flash messages to the page. */

import { type NextRequest, NextResponse } from 'next/server'
import { sessionProxy } from 'sojourn/next'
import { sessions } from './lib/sessions'

export const proxy = sessionProxy<NextRequest>(sessions, NextResponse.next)

export const config = { matcher: '/((?!_next/|favicon.ico).*)' }

/** `proxy.ts` of Next: renews sessions, and takes flash messages to the page that shows them. */

import { refuseUnknown, requireObject } from '../base/options.ts'
import type { Maybe } from '../base/ports.ts'
import { setCookieName, withSetCookie } from '../http/headers.ts'
import type { Flash } from '../record/record.ts'
import { isAnswerable } from '../session/explain/refusal.ts'
import { isPrefetch } from '../session/prefetch.ts'
import { requireFunction, requireSessions } from '../session/require-sessions.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Visit } from '../session/visit.ts'
import { withOutgoing } from './fetch.ts'
import { FetchFacts, refused } from './fetch-facts.ts'
import { leadsToPage, pageHeaders, withPageHeaders } from './next/page-headers.ts'
import { PASSED, passFlashes } from './next/passed-flashes.ts'
import { refuseMemoryStore } from './next/refusals.ts'

/** `NextResponse.next`, as far as it is used. */
type GoOn = (init: { request: { headers: Headers } }) => Response

/** Options of `sessionProxy`. */
export interface ProxyOptions<Incoming extends Request> {
  /**
   * Called before the page; `sessions.get(request)` works in it. `NextResponse.next()` and `rewrite()`,
   * such as a middleware for languages returns, lead to a page: it gets flash messages and the new
   * cookie. Any other response, such as a redirect, is sent in place of the page.
   *
   * @default none: every request goes on to its page
   */
  handler?: (request: Incoming) => Maybe<Response | undefined | void>
  /**
   * Whether the page calls `flashes()`. Messages are removed from the session before the page is
   * rendered: those taken to a page that does not show them are lost.
   *
   * @default every page does
   */
  showsFlashes?: (request: Incoming) => boolean
}

/**
 * Makes the function for `proxy.ts`. Pages cannot set a cookie, so it does for them what needs one:
 * it renews sessions, and takes the flash messages that `flashes()` returns in the page. The page
 * sees what it changed.
 *
 * Only GET requests can change the session here; a prefetch cannot. Next does not tell the proxy what
 * its router only prefetches, unless `skipProxyUrlNormalize: true` is set in `next.config`. Without
 * it, no request of the router changes the session, and the router loads the document if messages
 * wait.
 *
 * @param next `NextResponse.next`
 * @throws ERR_OPTION_INVALID
 *
 * @example
 * import { NextResponse } from 'next/server'
 * import { sessionProxy } from 'sojourn/next'
 * export const proxy = sessionProxy(sessions, NextResponse.next)
 */
export function sessionProxy<Incoming extends Request = Request>(
  sessions: Sessions<any>,
  next: GoOn,
  options: ProxyOptions<Incoming> = {},
): (request: Incoming) => Promise<Response> {
  requireSessions(sessions, 'sessionProxy', 'proxy = sessionProxy(sessions, NextResponse.next)')
  requireFunction(next, 'next')
  requireObject(options, 'options')
  refuseUnknown(options, ['handler', 'showsFlashes'], '')
  refuseMemoryStore(sessions, 'sessionProxy')
  const { handler, showsFlashes = () => true } = options
  return async (request) => {
    const facts = new FetchFacts(request)
    const visit = sessions.mount([request], facts)
    if (!visit) return next({ request: { headers: pageHeaders(request.headers) } })
    const why = whyReadOnly(request)
    if (why !== undefined) visit.readOnly(why)
    try {
      const own = (await sessions.run(visit, () => handler?.(request))) ?? undefined
      const isPage = !own || leadsToPage(own)
      const isShown = isPage && !isPrefetch(facts) && showsFlashes(request)
      const flashes = isShown ? await waitingFlashes(visit) : []
      if (why === MAY_PREFETCH && flashes.length > 0) return LOAD_DOCUMENT()
      const outgoing = await visit.finish()
      if (!isPage) return outgoing ? withOutgoing(own, outgoing) : own
      const headers = pageHeaders(request.headers, own)
      if (why === undefined && flashes.length > 0) headers.set(PASSED, passFlashes(flashes))
      const lines = outgoing ? withSetCookie([], outgoing.setCookie, outgoing) : []
      for (const line of lines) headers.set('cookie', withCookie(headers.get('cookie'), line))
      const plain = next({ request: { headers } })
      const response = own ? withPageHeaders(own, plain) : plain
      if (lines.length === 0) return response
      // It takes the place of the page's own Cache-Control.
      response.headers.set('cache-control', 'private, no-store')
      for (const line of lines) response.headers.append('set-cookie', line)
      return response
    } catch (error) {
      if (!isAnswerable(error)) throw error
      const response = refused(error)
      // The router reads no body of an error: the browser would keep the request open for it.
      return request.headers.has('next-url') ? new Response(null, response) : response
    }
  }
}

const POSTED = 'the proxy runs before the action or route handler, which is where to change it'

const MAY_PREFETCH =
  "Next's router may only prefetch this page, and requests the document if it does not get it here. " +
  'Set skipProxyUrlNormalize: true in next.config, so that Next tells the proxy what is a prefetch'

/** Why the session is read-only in the proxy, if it is. A prefetch is by itself. */
function whyReadOnly({ method, headers }: Request): string | undefined {
  if (method !== 'GET') return POSTED
  // After an action's redirect() the server itself requests the page, and drops the cookies of that.
  if (headers.has('x-action-redirect')) return MAY_PREFETCH
  // Next removes `rsc` and `next-router-prefetch`, unless `skipProxyUrlNormalize` is set.
  return headers.has('next-url') && !headers.has('rsc') ? MAY_PREFETCH : undefined
}

/** What the router gets in place of data makes it load the document, if it was no prefetch. */
const LOAD_DOCUMENT = () =>
  new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })

/** None if the session cannot be opened: the page may do without it. */
async function waitingFlashes(visit: Visit): Promise<Flash[]> {
  const session = await visit.session().catch(() => undefined)
  return session?.flashes() ?? []
}

/** The Cookie header as the browser will send it, once it has got the line. */
function withCookie(sent: string | null, line: string): string {
  const name = setCookieName(line)
  const pairs = (sent ?? '').split(';').map((pair) => pair.trim())
  const others = pairs.filter((pair) => pair !== '' && setCookieName(pair) !== name)
  return [...others, line.split(';', 1)[0]].join('; ')
}

/** `proxy.ts` of Next: renews sessions, and passes flash messages to the page that shows them. */

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

/** `NextResponse.next`, with the arguments that are used. */
type GoOn = (init: { request: { headers: Headers } }) => Response

/** Options of `sessionProxy`. */
export interface ProxyOptions<Incoming extends Request> {
  /**
   * Called before the page; `sessions.get(request)` works in it. If it returns
   * `NextResponse.next()` or `rewrite()`, as a middleware for languages does, the page gets the
   * flash messages and the new cookie. Any other response, such as a redirect, is sent in place of
   * the page.
   *
   * @default none: every request goes on to its page
   */
  handler?: (request: Incoming) => Maybe<Response | undefined | void>
  /**
   * Whether the page calls `flashes()`. Messages are removed from the session before the page is
   * rendered: if the page does not show them, they are lost.
   *
   * @default true for every page
   */
  showsFlashes?: (request: Incoming) => boolean
}

/**
 * Makes the function for `proxy.ts`. Pages cannot set a cookie, so the proxy does what needs one:
 * it renews sessions, and removes the flash messages that `flashes()` returns in the page. The page
 * reads the session as the proxy has changed it.
 *
 * Only GET requests can change the session here, and prefetches cannot. Set
 * `skipProxyUrlNormalize: true` in `next.config`: otherwise Next hides from the proxy which requests
 * of its router are prefetches. Then no request of the router changes the session, and the router
 * loads the whole document if messages are waiting.
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
      // It replaces the Cache-Control of the page.
      response.headers.set('cache-control', 'private, no-store')
      for (const line of lines) response.headers.append('set-cookie', line)
      return response
    } catch (error) {
      if (!isAnswerable(error)) throw error
      const response = refused(error)
      // No body: the router does not read that of an error, and the browser would keep the request
      // open.
      return request.headers.has('next-url') ? new Response(null, response) : response
    }
  }
}

const POSTED = 'the proxy runs before the action or route handler, which is where to change it'

const MAY_PREFETCH =
  "Next's router may only prefetch this page, and requests the document if it does not get it here. " +
  'Set skipProxyUrlNormalize: true in next.config, so that Next tells the proxy what is a prefetch'

/** Why the session is read-only in the proxy, if it is. (In a prefetch it always is.) */
function whyReadOnly({ method, headers }: Request): string | undefined {
  if (method !== 'GET') return POSTED
  // After redirect() in an action, the server itself requests the page, and drops its cookies.
  if (headers.has('x-action-redirect')) return MAY_PREFETCH
  // Next removes `rsc` and `next-router-prefetch`, unless `skipProxyUrlNormalize` is set.
  return headers.has('next-url') && !headers.has('rsc') ? MAY_PREFETCH : undefined
}

/** A response without data, which makes the router load the whole document unless it prefetches. */
const LOAD_DOCUMENT = () =>
  new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })

/** The flash messages; none if the session cannot be opened, since the page may not need it. */
async function waitingFlashes(visit: Visit): Promise<Flash[]> {
  const session = await visit.session().catch(() => undefined)
  return session?.flashes() ?? []
}

/** The Cookie header that the browser will send after it has received this Set-Cookie line. */
function withCookie(sent: string | null, line: string): string {
  const name = setCookieName(line)
  const pairs = (sent ?? '').split(';').map((pair) => pair.trim())
  const others = pairs.filter((pair) => pair !== '' && setCookieName(pair) !== name)
  return [...others, line.split(';', 1)[0]].join('; ')
}

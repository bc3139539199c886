/** Sessions for Next's App Router: pages, server actions, route handlers and `proxy.ts`. */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { Maybe } from '../base/ports.ts'
import { SessionError } from '../base/errors.ts'
import { invalid } from '../base/options.ts'
import { setInJar } from '../http/cookie-jar.ts'
import { withSetCookie } from '../http/headers.ts'
import { refusalOf } from '../session/explain/refusal.ts'
import { loginCheck, type LoginRequiredOptions } from '../session/login-required.ts'
import { requireFunction, requireSessions } from '../session/require-sessions.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'
import type { SignedInSession } from '../session/signed-in.ts'
import type { Visit } from '../session/visit.ts'
import { csrfFieldIn, csrfFieldOf } from './csrf-field.ts'
import { respond } from './fetch.ts'
import { refused } from './fetch-facts.ts'
import { jarFacts, type NextCookies, type NextHeaders } from './next/jar.ts'
import { passedFlashes } from './next/passed-flashes.ts'
import { refuseMemoryStore } from './next/refusals.ts'
import { NEXT_ERROR_STATUS, thrownResponse } from './thrown-response.ts'

export { type ProxyOptions, sessionProxy } from './next-proxy.ts'

/** The functions of Next that `nextSessions` calls. */
export interface NextFunctions {
  /** Of `next/headers`. */
  cookies: () => Promise<NextCookies>
  /** Of `next/headers`. */
  headers: () => Promise<NextHeaders>
  /** Of `next/navigation`. Only `signedIn({ redirect })` needs it. @default none: that option throws */
  redirect?: (path: string) => never
}

/** A flash message for a page. */
export interface PassedFlash {
  /** What kind of message, such as `success`. */
  category: string
  /** The text. HTML of a `Markup` is shown as text. */
  message: string
}

/** What `nextSessions` returns. */
export interface NextSessions<Data> {
  /**
   * Returns the session of the request: in a page, an action or a route handler.
   *
   * In an action or a route handler that is wrapped in `withSessions`, the session can be changed.
   * Elsewhere a change throws ERR_SESSION_READ_ONLY, because Next cannot set a cookie there.
   */
  get(): Promise<Session<Data>>
  /**
   * Returns the session of a signed-in visitor. Others are redirected to `redirect`; without it, this
   * throws the error of `sessions.signedIn`, for which a route handler sends a 401.
   *
   * Await it: in a page nothing else stops the page from being sent. Inside `withSessions` the
   * refusal holds even without `await`.
   *
   * @throws ERR_OPTION_INVALID; ERR_NOT_SIGNED_IN, ERR_LOGIN_STALE without `redirect`
   */
  signedIn(options?: LoginRequiredOptions): Promise<SignedInSession<Data>>
  /** Returns the flash messages for this page. `sessionProxy` has removed them from the session. */
  flashes(): Promise<PassedFlash[]>
  /**
   * Wraps a server action or a route handler, so that the session can be changed in it. The session
   * is saved when it ends, also by `redirect()` or `notFound()`. If it throws any other error, an
   * action saves the changes made before; a route handler saves nothing.
   */
  withSessions<Args extends unknown[], Result>(
    handler: (...args: Args) => Maybe<Result>,
  ): (...args: Args) => Promise<Result>
  /**
   * Wraps a server action or a route handler, so that it is not called for cross-site requests. Goes
   * inside `withSessions`. Where Sec-Fetch-Site and Origin do not decide, it reads the token from the
   * header `x-csrf-token` or the form field `_csrf`. It throws ERR_CSRF (403).
   */
  csrfGuard<Args extends unknown[], Result>(
    handler: (...args: Args) => Maybe<Result>,
  ): (...args: Args) => Promise<Result>
}

/**
 * Makes the functions for pages, server actions and route handlers.
 *
 * @throws ERR_OPTION_INVALID
 *
 * @example
 * import { cookies, headers } from 'next/headers'
 * import { redirect } from 'next/navigation'
 * import { nextSessions } from 'sojourn/next'
 * export const { get, withSessions } = nextSessions(sessions, { cookies, headers, redirect })
 */
export function nextSessions<Data>(
  sessions: Sessions<Data>,
  { cookies, headers, redirect }: NextFunctions,
): NextSessions<Data> {
  requireSessions(sessions, 'nextSessions', 'nextSessions(sessions, { cookies, headers })')
  requireFunction(cookies, 'cookies')
  requireFunction(headers, 'headers')
  refuseMemoryStore(sessions, 'nextSessions')
  const { cookie, backend } = sessions.describePolicy()
  const unchanged = backend === 'cookie' ? undefined : RENDER_ANEW

  const mount = async (method: string | undefined, jar: NextCookies) =>
    sessions.mount([jar], jarFacts(method, cookie.name, jar, await headers()))

  /** The visit of the current action or route handler, for calls before the first `await`. */
  const running = new AsyncLocalStorage<Visit>()
  const noted: Sessions<Data> = {
    ...sessions,
    // The jar belongs to one request, and `get()` may have mounted it before `withSessions`.
    mount: (carriers, facts) => sessions.mount(carriers.toReversed(), facts),
    run: (visit, handler) => running.run(visit, () => sessions.run(visit, handler)),
  }

  /** The jar, which is the carrier of the session. Mounts it read-only if it is not mounted. */
  async function mounted(): Promise<NextCookies> {
    const jar = await cookies()
    // Without a method: a handler may call csrfGuard later, which would treat GET as safe.
    const visit = await mount(undefined, jar)
    visit?.readOnly(READ_ONLY)
    return jar
  }

  async function checked(options: LoginRequiredOptions): Promise<SignedInSession<Data>> {
    const check = loginCheck(sessions, options)
    if (options.redirect !== undefined && !redirect) throw invalid('redirect', MISSING_REDIRECT)
    const jar = await mounted()
    const location = await inNext(check(jar, 'GET', ''))
    if (location !== undefined) redirect!(location)
    return sessions.get(jar) as Promise<SignedInSession<Data>>
  }

  return {
    get: async () => sessions.get(await mounted()),
    // Not async: that would await the guard, which then could not tell that the handler does not.
    signedIn(options = {}) {
      const check = checked(options)
      return running.getStore()?.guard('signedIn', check) ?? check
    },
    flashes: async () => passedFlashes(await headers()),
    withSessions(handler) {
      requireFunction(handler, 'handler')
      return async (...args) => {
        const jar = await cookies()
        const [request] = args
        if (request instanceof Request) {
          const answer = async () => (await handler(...args)) as Response
          const failed = (error: unknown) => notAllowed(error, request)
          return (await respond(noted, [request, jar], answer, failed)) as never
        }
        const visit = await mount('POST', jar)
        if (!visit) return handler(...args)
        const act = async () => noted.run(visit, () => handler(...args))
        return inNext(committed(visit, jar, unchanged, act))
      }
    },
    csrfGuard(handler) {
      requireFunction(handler, 'handler')
      return async (...args) => {
        await inNext(sessions.checkCsrf(await cookies(), () => csrfTokenIn(args)))
        return handler(...args)
      }
    },
  }
}

const READ_ONLY =
  'Next cannot set a cookie while a page renders. Change it in a server action or a route handler that is wrapped in withSessions()'

/** The response for a refusal. A guard that nobody awaited may have thrown a redirect. */
const notAllowed = (error: unknown, request: Request): Response =>
  error instanceof SessionError
    ? refused(error)
    : (thrownResponse(error, request) ?? refused(error))

/**
 * Deletes a cookie that does not exist. Next renders the page again only if a cookie is set, and a
 * change in a store sets none.
 */
const RENDER_ANEW = 'sojourn-changed=; Path=/; Max-Age=0'

const MISSING_REDIRECT =
  'needs the function of next/navigation: nextSessions(sessions, { cookies, headers, redirect })'

/** The token's source. A route handler gets the request; an action the form, after a possible state. */
function csrfTokenIn(args: readonly unknown[]): Maybe<string | undefined> {
  if (args[0] instanceof Request) return csrfFieldOf(args[0])
  const form = args.find((arg) => arg instanceof FormData)
  return csrfFieldIn({ _csrf: form?.get('_csrf') })
}

/**
 * Commits when an action has ended, also by `redirect()`, which throws, or by an error. If the commit
 * sets no cookie, sets `unchanged`.
 */
async function committed<Result>(
  visit: Visit,
  jar: NextCookies,
  unchanged: string | undefined,
  act: () => Promise<Result>,
): Promise<Result> {
  try {
    return await act()
  } finally {
    for (const line of await linesOf(visit, jar, unchanged)) setInJar(jar, line)
  }
}

/** The Set-Cookie lines. If the store fails at a logout, clears the cookie and throws. */
async function linesOf(
  visit: Visit,
  jar: NextCookies,
  unchanged: string | undefined,
): Promise<readonly string[]> {
  try {
    const outgoing = await visit.finish()
    return outgoing ? withSetCookie([], outgoing.setCookie ?? unchanged, outgoing) : []
  } catch (error) {
    const { setCookie } = refusalOf(error)
    if (setCookie !== undefined) setInJar(jar, setCookie)
    throw error
  }
}

/**
 * Gives an error with status 401 or 403 the digest of Next's `unauthorized()` and `forbidden()`, so
 * that Next responds with that status. Other errors become a 500.
 */
async function inNext<Result>(promise: Promise<Result>): Promise<Result> {
  try {
    return await promise
  } catch (error) {
    if (!(error instanceof SessionError) || ![401, 403].includes(error.status)) throw error
    throw Object.assign(error, { digest: `${NEXT_ERROR_STATUS};${error.status}` })
  }
}

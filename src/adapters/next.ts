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
  /** Of `next/navigation`: for `signedIn({ redirect })`. @default none: that option throws */
  redirect?: (path: string) => never
}

/** A flash message, as a page shows it. */
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
   * In an action or a route handler that is wrapped in `withSessions` it can be changed. Anywhere
   * else a change throws ERR_SESSION_READ_ONLY, since Next sets no cookie there.
   */
  get(): Promise<Session<Data>>
  /**
   * Returns the session of a signed-in visitor. Others are redirected to `redirect`; without it, this
   * throws the error of `sessions.signedIn`, for which a route handler sends a 401.
   *
   * Await it: in a page nothing else keeps the page from being sent. In what `withSessions` wraps, the
   * refusal holds without `await`, too.
   *
   * @throws ERR_OPTION_INVALID; ERR_NOT_SIGNED_IN, ERR_LOGIN_STALE without `redirect`
   */
  signedIn(options?: LoginRequiredOptions): Promise<SignedInSession<Data>>
  /** Returns the flash messages for this page. `sessionProxy` has removed them from the session. */
  flashes(): Promise<PassedFlash[]>
  /**
   * Wraps a server action or a route handler, so that the session can be changed in it. Saves the
   * session when it ends, also by `redirect()` or `notFound()`. An action that throws any other error
   * saves what it changed before; of a route handler nothing is saved then.
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

  /** The visit of the action or route handler: Next's functions find it only after an `await`. */
  const running = new AsyncLocalStorage<Visit>()
  const noted: Sessions<Data> = {
    ...sessions,
    // The jar first: it is of one request, and `get()` may have mounted it before `withSessions`.
    mount: (carriers, facts) => sessions.mount(carriers.toReversed(), facts),
    run: (visit, handler) => running.run(visit, () => sessions.run(visit, handler)),
  }

  /** The jar, by which `sessions` find the session; mounted for reading, unless it is already. */
  async function mounted(): Promise<NextCookies> {
    const jar = await cookies()
    // Without a method: a handler may call csrfGuard after this, for which GET would be safe.
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
    // Not async: that would await the guard, and it could not notice that the handler does not.
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
  'Next sets no cookie while a page renders. Change it in a server action or a route handler that is wrapped in withSessions()'

/** A guard that nobody awaited may have thrown a redirect. */
const notAllowed = (error: unknown, request: Request): Response =>
  error instanceof SessionError
    ? refused(error)
    : (thrownResponse(error, request) ?? refused(error))

/**
 * Deletes a cookie that does not exist: Next renders the page anew if a cookie is set. A change in a
 * store, of this session or of others, sets none.
 */
const RENDER_ANEW = 'sojourn-changed=; Path=/; Max-Age=0'

const MISSING_REDIRECT =
  'is used, so pass the function of next/navigation: nextSessions(sessions, { cookies, headers, redirect })'

/** A route handler gets the request; an action gets the form, after the state of `useActionState`. */
function csrfTokenIn(args: readonly unknown[]): Maybe<string | undefined> {
  if (args[0] instanceof Request) return csrfFieldOf(args[0])
  const form = args.find((arg) => arg instanceof FormData)
  return csrfFieldIn({ _csrf: form?.get('_csrf') })
}

/**
 * Commits when an action has ended: also by `redirect()`, which throws, and by an error. If no cookie
 * has to be set it sets `unchanged`.
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

/** The lines to set. A logout that the store did not confirm clears the cookie, and throws. */
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
 * Adds to an error with status 401 or 403 what makes Next respond with that status, as the errors of
 * `unauthorized()` and `forbidden()` do. Otherwise each error is a 500.
 */
async function inNext<Result>(promise: Promise<Result>): Promise<Result> {
  try {
    return await promise
  } catch (error) {
    if (!(error instanceof SessionError) || ![401, 403].includes(error.status)) throw error
    throw Object.assign(error, { digest: `${NEXT_ERROR_STATUS};${error.status}` })
  }
}

/** Sessions for h3 and Nitro: middleware for sessions, a CSRF guard and a login guard. */

import type { Maybe } from '../base/ports.ts'
import { isAnswerable } from '../session/explain/refusal.ts'
import { loginCheck, type LoginRequiredOptions } from '../session/login-required.ts'
import { requireFunction, requireSessions } from '../session/require-sessions.ts'
import type { Sessions } from '../session/sessions.ts'
import { csrfFieldOf } from './csrf-field.ts'
import { respond } from './fetch.ts'
import { loginRedirect, pathOf } from './login-redirect.ts'

/** Of h3's event. */
interface H3Event {
  readonly req: Request
  readonly app?: { readonly config: Readonly<ErrorConfig> } | undefined
}

/** Of an app's options: what makes a response of an error. */
interface ErrorConfig {
  onError?: any
  silent?: boolean
  debug?: boolean
}

/**
 * Makes the session middleware: then `sessions.get(event)` works.
 *
 * An error of a handler becomes its response here, by the app's `onError` if there is one: what was
 * written before the error is saved. Without `onError` a session error (401, 403, 503) becomes the
 * response of `sojourn/fetch`.
 *
 * @param toResponse h3's own: it makes a response of what a handler returns, or of its error.
 *
 * @example
 * app.use(sessionMiddleware(sessions, toResponse))
 */
export function sessionMiddleware<Event extends H3Event>(
  sessions: Sessions<any>,
  toResponse: (value: unknown, event: Event, config?: ErrorConfig) => Maybe<Response>,
): (event: Event, next: () => unknown) => Promise<Response> {
  const usage = 'app.use(sessionMiddleware(sessions, toResponse))'
  requireSessions(sessions, 'sessionMiddleware', usage)
  requireFunction(toResponse, 'toResponse')
  return (event, next) =>
    respond(sessions, [event.req, event], async () => {
      // Without `onResponse`, which h3 calls itself for the response of this middleware.
      const { onError, silent = false, debug = false } = event.app?.config ?? {}
      const config = { silent, debug, ...(onError && { onError }) }
      try {
        return await toResponse(await next(), event, config)
      } catch (error) {
        // h3 sends what is thrown and is no error as a page.
        if (!(error instanceof Error) || (!onError && isAnswerable(error))) throw error
        return toResponse(error, event, config)
      }
    })
}

/**
 * Makes the middleware that rejects cross-site requests: CSRF protection. Where Sec-Fetch-Site and
 * Origin do not decide, it reads the token from the header `x-csrf-token`, or from the form field
 * `_csrf` in the first 64 KiB of the body. It throws ERR_CSRF (403).
 *
 * @example
 * app.use(csrfGuard(sessions))
 */
export function csrfGuard(
  sessions: Sessions<any>,
): (event: H3Event, next: () => unknown) => Promise<unknown> {
  requireSessions(sessions, 'csrfGuard', 'app.use(csrfGuard(sessions))')
  return async (event, next) => {
    await sessions.checkCsrf(event, () => csrfFieldOf(event.req))
    return next()
  }
}

/**
 * Makes the middleware that only signed-in visitors pass. Others are redirected to `redirect`, with
 * the page they asked for as `next`; without `redirect`, or if the store is unavailable, it throws the
 * error of `sessions.signedIn`.
 *
 * @throws ERR_OPTION_INVALID
 *
 * @example
 * app.use('/account/**', loginRequired(sessions, { redirect: '/login' }))
 */
export function loginRequired(
  sessions: Sessions<any>,
  options: LoginRequiredOptions = {},
): (event: H3Event, next: () => unknown) => Promise<unknown> {
  requireSessions(sessions, 'loginRequired', 'loginRequired(sessions, options)')
  const check = loginCheck(sessions, options)
  return async (event, next) => {
    const location = await check(event, event.req.method, pathOf(event.req))
    return location === undefined ? next() : loginRedirect(location)
  }
}

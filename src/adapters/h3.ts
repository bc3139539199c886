/** Sessions for h3 and Nitro: middleware for sessions, a CSRF guard and a login guard. */

import { visitorText } from '../base/error-response.ts'
import { SessionError } from '../base/errors.ts'
import type { Maybe } from '../base/ports.ts'
import { loginCheck, type LoginRequiredOptions } from '../session/login-required.ts'
import { requireFunction, requireSessions } from '../session/require-sessions.ts'
import type { Sessions } from '../session/sessions.ts'
import { csrfFieldOf } from './csrf-field.ts'
import { respond } from './fetch.ts'
import { loginRedirect, pathOf } from './login-redirect.ts'

/** The part of h3's event that is used. */
interface H3Event {
  readonly req: Request
  /** The app that handles the request. */
  readonly app?: { readonly config: object } | undefined
}

/** What h3 returns for a handler that wrote to Node's response itself. */
const HANDLED = Symbol.for('h3.handled')

/**
 * Makes the session middleware: then `sessions.get(event)` works. Use it before other middleware.
 *
 * The app's `onError` gets the errors of handlers. If a session cannot be saved, it gets an error
 * with the `SessionError` as `cause`. Changes of the session before an error are saved.
 *
 * @param toResponse the function of h3, which makes a response of a handler's result or error.
 * @throws ERR_OPTION_INVALID unless `sessions` is what `createSessions` returns.
 *
 * @example
 * import { H3, toResponse } from 'h3'
 * import { sessionMiddleware } from 'sojourn/h3'
 * const app = new H3()
 * app.use(sessionMiddleware(sessions, toResponse))
 */
export function sessionMiddleware<Event extends H3Event>(
  sessions: Sessions<any>,
  toResponse: (value: unknown, event: Event, config?: any) => Maybe<Response>,
): (event: Event, next: () => unknown) => Promise<unknown> {
  const usage = 'app.use(sessionMiddleware(sessions, toResponse))'
  requireSessions(sessions, 'sessionMiddleware', usage)
  requireFunction(toResponse, 'toResponse')
  return async (event, next) => {
    let isSent = false
    // h3 itself calls `onResponse` with the response that this middleware returns.
    const config = { ...event.app?.config, onResponse: undefined }
    const handler = async () => {
      let value
      try {
        value = await next()
      } catch (error) {
        return toResponse(rejected(error), event, config)
      }
      isSent = value === HANDLED
      return isSent ? Response.error() : toResponse(value, event, config)
    }
    // Marked as silent: an event has reported this error already.
    const failed = (failure: unknown) =>
      toResponse(rejected(failure), event, { ...config, silent: true })
    const response = await respond(sessions, [event.req, event], handler, failed)
    return isSent ? HANDLED : response
  }
}

/** Rejects instead of throwing: h3 sends a thrown value that is not an error as a page. */
async function rejected(failure: unknown): Promise<never> {
  throw inDialect(failure)
}

/** Like h3's own HTTPError. h3 prints other errors as unhandled, and Nitro sends them as a 500. */
function inDialect(error: unknown): unknown {
  if (!(error instanceof SessionError) || error.status === 500) return error
  const { status, statusText } = error
  const message = visitorText(error.code).trim()
  return Object.assign(new Error(message, { cause: error }), {
    name: 'HTTPError',
    status,
    statusText,
    headers: new Headers(error.headers),
    toJSON: () => ({ status, statusText, message }),
  })
}

/**
 * Makes the middleware that rejects cross-site requests: CSRF protection. Where Sec-Fetch-Site and
 * Origin do not decide, it reads the token from the header `x-csrf-token`, or from the form field
 * `_csrf` in the first 64 KiB of the body. It throws ERR_CSRF (403).
 *
 * @throws ERR_OPTION_INVALID unless `sessions` is what `createSessions` returns.
 *
 * @example
 * import { H3, toResponse } from 'h3'
 * import { csrfGuard, sessionMiddleware } from 'sojourn/h3'
 * const app = new H3()
 * app.use(sessionMiddleware(sessions, toResponse)).use(csrfGuard(sessions))
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
 * the page they asked for as `next`; without `redirect`, or if the store is unavailable, it throws
 * the error of `sessions.signedIn`.
 *
 * @throws ERR_OPTION_INVALID
 *
 * @example
 * import { H3, toResponse } from 'h3'
 * import { loginRequired, sessionMiddleware } from 'sojourn/h3'
 * const app = new H3()
 * app.use(sessionMiddleware(sessions, toResponse))
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

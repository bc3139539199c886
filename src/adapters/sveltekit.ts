/** Sessions for SvelteKit: `handle` hooks for sessions, a CSRF guard and a login guard. */

import type { Maybe } from '../base/ports.ts'
import { loginCheck, type LoginRequiredOptions } from '../session/login-required.ts'
import { requireSessions } from '../session/require-sessions.ts'
import type { Sessions } from '../session/sessions.ts'
import { csrfFieldOf } from './csrf-field.ts'
import { respond } from './fetch.ts'
import { loginRedirect, pathOf } from './login-redirect.ts'

/** Of SvelteKit's event. */
interface KitEvent {
  readonly request: Request
  readonly locals: object
  readonly isSubRequest: boolean
}

type KitHandle = <Event extends KitEvent>(input: {
  event: Event
  resolve: (event: Event) => Maybe<Response>
}) => Promise<Response>

/**
 * Makes the `handle` hook: then `sessions.get(locals)` works in `load`, actions and endpoints.
 *
 * What a page fetches from its own app with `event.fetch` shares the session of the page.
 *
 * @example
 * export const handle = handleSessions(sessions)
 */
export function handleSessions(sessions: Sessions<any>): KitHandle {
  requireSessions(sessions, 'handleSessions', 'handle = handleSessions(sessions)')
  return async ({ event, resolve }) => {
    if (event.isSubRequest) sessions.carry([event.request, event.locals])
    return respond(sessions, [event.request, event.locals], () => resolve(event))
  }
}

/**
 * Makes the `handle` hook that rejects cross-site requests: CSRF protection, for `sequence`. Where
 * Sec-Fetch-Site and Origin do not decide, it reads the token from the header `x-csrf-token`, or from
 * the form field `_csrf` in the first 64 KiB of the body.
 *
 * @example
 * export const handle = sequence(handleSessions(sessions), csrfGuard(sessions))
 */
export function csrfGuard(sessions: Sessions<any>): KitHandle {
  requireSessions(sessions, 'csrfGuard', 'sequence(handleSessions(sessions), csrfGuard(sessions))')
  return async ({ event, resolve }) => {
    await sessions.checkCsrf(event.locals, () => csrfFieldOf(event.request))
    return resolve(event)
  }
}

/**
 * Makes a `handle` hook that only signed-in visitors pass. Others are redirected to `redirect`, with
 * the page they asked for as `next`; without `redirect`, or if the store is unavailable, they get the
 * response of the error of `sessions.signedIn`.
 *
 * @throws ERR_OPTION_INVALID
 *
 * @example
 * const account = loginRequired(sessions, { redirect: '/login' })
 * const guard = ({ event, resolve }) =>
 *   event.url.pathname.startsWith('/account') ? account({ event, resolve }) : resolve(event)
 * export const handle = sequence(handleSessions(sessions), guard)
 */
export function loginRequired(
  sessions: Sessions<any>,
  options: LoginRequiredOptions = {},
): KitHandle {
  requireSessions(sessions, 'loginRequired', 'loginRequired(sessions, options)')
  const check = loginCheck(sessions, options)
  return async ({ event, resolve }) => {
    const { request, locals } = event
    const location = await check(locals, request.method, pathOf(request))
    return location === undefined ? resolve(event) : loginRedirect(location)
  }
}

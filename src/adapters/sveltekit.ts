/** Sessions for SvelteKit: `handle` hooks for sessions, a CSRF guard and a login guard. */

import { visitorText } from '../base/error-response.ts'
import { SessionError } from '../base/errors.ts'
import type { Maybe } from '../base/ports.ts'
import { type CookieJar, type JarAttributes, setInJar } from '../http/cookie-jar.ts'
import { isTargetedControl, mergeInto } from '../http/headers.ts'
import { isAnswerable, refusalOf } from '../session/explain/refusal.ts'
import { loginCheck, type LoginRequiredOptions } from '../session/login-required.ts'
import { requireFunction, requireSessions } from '../session/require-sessions.ts'
import type { Sessions } from '../session/sessions.ts'
import { csrfFieldOf } from './csrf-field.ts'
import { respond } from './fetch.ts'
import { loginRedirect, pathOf } from './login-redirect.ts'
import { isResponse, thrownResponse } from './thrown-response.ts'

/** The part of SvelteKit's event that is used. */
interface KitEvent {
  readonly request: Request
  /** The page's URL. `request.url` is `/cart/__data.json` for a navigation in the browser. */
  readonly url: URL
  readonly locals: object
  readonly isSubRequest: boolean
  /** Whether SvelteKit's script in the browser requests the page's data as JSON. */
  readonly isDataRequest: boolean
  readonly cookies: CookieJar
}

/** What SvelteKit passes to `handleError`. */
interface KitError {
  readonly error: unknown
  readonly event?: Pick<KitEvent, 'locals'>
}

type KitHandle = <Event extends KitEvent>(input: {
  event: Event
  resolve: (event: Event) => Maybe<Response>
}) => Promise<Response>

/**
 * Makes the `handle` hook: then `sessions.get(locals)` works in `load`, actions and endpoints.
 *
 * Requests of a page to its own app by `event.fetch` share the page's session.
 *
 * @throws ERR_SESSION_NOT_MOUNTED while the app is built, if a prerendered page uses a session.
 * @throws ERR_OPTION_INVALID unless `sessions` is what `createSessions` returns.
 *
 * @example
 * import { handleSessions } from 'sojourn/sveltekit'
 * export const handle = handleSessions(sessions)
 */
export function handleSessions(sessions: Sessions<any>): KitHandle {
  requireSessions(sessions, 'handleSessions', 'handle = handleSessions(sessions)')
  return async ({ event, resolve }) => {
    const { request, locals, isSubRequest, isDataRequest, cookies } = event
    // Read now: SvelteKit makes it throw once the page is rendered.
    const jar = { set: cookies.set }
    if (isSubRequest) share(sessions, [request, locals])
    let page: Response | undefined
    let redirect: unknown
    const response = await respond(sessions, [request, locals], async () => {
      try {
        page = await resolve(event)
      } catch (error) {
        page = isResponse(error) ? undefined : thrownResponse(error, request)
        if (!page) throw error
        redirect = error
        return page
      }
      const error = shown.get(locals)
      return error ? withHeadersOf(error, page) : page
    })
    if (page && page !== response && isPrerendered(page)) {
      throw new SessionError('ERR_SESSION_NOT_MOUNTED', PRERENDERED)
    }
    const isSaved = response.status < 400
    if (redirect && isSaved && (isDataRequest || page === response || !isStorable(response))) {
      for (const line of response.headers.getSetCookie()) setInJar(jar, line, AS_IN_LINE)
      throw redirect
    }
    if (isDataRequest) return dataRedirect(response)
    return isAction(request) ? actionResult(response) : response
  }
}

/** Overrides SvelteKit's defaults. */
const AS_IN_LINE: Partial<JarAttributes> = {
  httpOnly: false,
  secure: false,
  sameSite: undefined,
}

/**
 * Whether caches may store a redirect without Cache-Control (RFC 9110 section 15.1). SvelteKit's own
 * redirects have neither Vary nor Cache-Control, so this adapter makes the response if a session was
 * used. It cannot read the app's own cookies, which are therefore missing in it.
 */
function isStorable({ status }: Response): boolean {
  return status === 300 || status === 301 || status === 308
}

/** The session error for which SvelteKit sends its error page, by `locals`: see `handleSessionErrors`. */
const shown = new WeakMap<object, SessionError>()

/** Adds the error's headers. SvelteKit's error page has only the headers that `load` has set. */
function withHeadersOf(error: SessionError, page: Response): Response {
  const { headers: own, setCookie } = refusalOf(error)
  const headers = mergeInto(new Headers(page.headers), { vary: true, setCookie })
  for (const name of [...headers.keys()].filter(isTargetedControl)) headers.delete(name)
  for (const name of ['cache-control', 'retry-after']) if (own[name]) headers.set(name, own[name])
  const { body, status, statusText } = page
  return new Response(body, { status, statusText, headers })
}

/** Shares the page's session. Requests by `reroute` and earlier hooks belong to no page: they open their own. */
function share(sessions: Sessions<any>, carriers: object[]): void {
  try {
    sessions.carry(carriers)
  } catch (error) {
    const isAlone = error instanceof SessionError && error.code === 'ERR_SESSION_NOT_MOUNTED'
    if (!isAlone) throw error
  }
}

const PRERENDERED =
  'SvelteKit prerenders this page: the build makes one file for all visitors. Set `prerender = false`, or let the browser fetch what depends on the visitor from an endpoint'

/** Whether SvelteKit prerenders this page: only then it sends the route's name. It leaves out a 204. */
function isPrerendered({ status, headers }: Response): boolean {
  return status !== 204 && headers.has('x-sveltekit-routeid')
}

/** Whether a form with `use:enhance` was sent: its script reads only the JSON of an action's result. */
function isAction({ method, headers }: Request): boolean {
  return method === 'POST' && headers.get('x-sveltekit-action') === 'true'
}

/** Turns the response of a guard or of a failed commit into the JSON of an action's result. */
async function actionResult(response: Response): Promise<Response> {
  const { status, headers } = response
  if (headers.get('content-type')?.startsWith('application/json')) return response
  if (headers.has('location')) return redirectResult(response)
  const error = { status, message: (await response.text()).trimEnd() }
  return jsonResult({ type: 'error', status, error }, headers, status)
}

/** Turns a redirect into JSON. SvelteKit would do so itself, but drop its headers. */
function dataRedirect(response: Response): Response {
  const { status, headers } = response
  const isRedirect = status >= 300 && status <= 308 && headers.has('location')
  return isRedirect && headers.has('set-cookie') ? redirectResult(response) : response
}

function redirectResult({ status, headers }: Response): Response {
  return jsonResult({ type: 'redirect', status, location: headers.get('location') }, headers)
}

function jsonResult(result: object, given: Headers, status = 200): Response {
  const headers = new Headers(given)
  for (const name of ['location', 'content-length']) headers.delete(name)
  headers.set('content-type', 'application/json')
  headers.set('cache-control', 'private, no-store')
  return new Response(JSON.stringify(result), { status, headers })
}

/**
 * Makes the `handleError` hook that shows visitors the status and text of a session error, such as
 * 401 if `sessions.signedIn(locals)` throws in `load`. `handleSessions` then adds the headers of
 * the error: no cache may store the page, and a 503 has Retry-After. Other errors are passed to
 * `handleError`.
 *
 * SvelteKit 2 sends all these errors with status 500; the hook can change only the text.
 *
 * @throws ERR_OPTION_INVALID unless `handleError` is a function.
 *
 * @example
 * import { handleSessionErrors } from 'sojourn/sveltekit'
 * export const handleError = handleSessionErrors(({ error }) => console.error(error))
 */
export function handleSessionErrors<Input extends KitError, Result>(
  handleError: (input: Input) => Result,
): (input: Input) => Result | { status: number; message: string } {
  requireFunction(handleError, 'handleError')
  return (input) => {
    const { error, event } = input
    if (!(error instanceof SessionError) || !isAnswerable(error)) return handleError(input)
    if (event) shown.set(event.locals, error)
    return { status: error.status, message: visitorText(error.code).trimEnd() }
  }
}

/**
 * Makes the `handle` hook that rejects cross-site requests: CSRF protection, for `sequence`. Where
 * Sec-Fetch-Site and Origin do not decide, it reads the token from the header `x-csrf-token`, or from
 * the form field `_csrf` in the first 64 KiB of the body.
 *
 * @throws ERR_OPTION_INVALID unless `sessions` is what `createSessions` returns.
 *
 * @example
 * import { sequence } from '@sveltejs/kit/hooks'
 * import { csrfGuard, handleSessions } from 'sojourn/sveltekit'
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
 * import { sequence } from '@sveltejs/kit/hooks'
 * import { handleSessions, loginRequired } from 'sojourn/sveltekit'
 * const guard = loginRequired(sessions, { redirect: '/login' })
 * export const handle = sequence(handleSessions(sessions), guard) // for every page but /login
 */
export function loginRequired(
  sessions: Sessions<any>,
  options: LoginRequiredOptions = {},
): KitHandle {
  requireSessions(sessions, 'loginRequired', 'loginRequired(sessions, options)')
  const check = loginCheck(sessions, options)
  return async ({ event, resolve }) => {
    const location = await check(event.locals, event.request.method, pathOf(event))
    return location === undefined ? resolve(event) : loginRedirect(location)
  }
}

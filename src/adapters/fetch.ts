/** Sessions for Fetch handlers: Bun, Deno, Workers, and every framework that speaks Request and Response. */

import { SessionError } from '../base/errors.ts'
import type { Maybe } from '../base/ports.ts'
import { mergeInto } from '../http/headers.ts'
import type { RequestFacts } from '../http/request-facts.ts'
import { isAnswerable, refusalOf } from '../session/explain/refusal.ts'
import type { Sessions } from '../session/sessions.ts'
import { csrfFieldOf } from './csrf-field.ts'

/** A Fetch handler. What the runtime passes besides the request is passed on. */
export type FetchHandler<Rest extends unknown[] = unknown[], Incoming extends Request = Request> = (
  request: Incoming,
  ...rest: Rest
) => Maybe<Response>

/**
 * Wraps a handler so that `sessions.get(request)` works in it.
 *
 * The response leaves once the session is kept; if that fails, an error takes its place. What a
 * handler lets through of our errors that names a status (nobody signed in, no answer from the store)
 * is answered with it; after any other error there is no response, so nothing is kept.
 *
 * @throws ERR_RESPONSE_INVALID if the handler returns something else than a `Response`.
 *
 * @example
 * export default { fetch: withSessions(sessions, async (request) => new Response('hello')) }
 */
export function withSessions<Rest extends unknown[], Incoming extends Request = Request>(
  sessions: Sessions<any>,
  handler: FetchHandler<Rest, Incoming>,
): (request: Incoming, ...rest: Rest) => Promise<Response> {
  return (request, ...rest) => respond(sessions, [request], () => handler(request, ...rest))
}

/**
 * Handles one request as `withSessions` does: what every adapter over `Request` and `Response` calls.
 *
 * `sessions.get` finds the session by the request and by each carrier after it, such as a framework's
 * own context. If the request has its place already, the handler runs in that visit.
 *
 * @example
 * const handle = ({ event, resolve }) =>
 *   respond(sessions, [event.request, event.locals], () => resolve(event))
 */
export async function respond(
  sessions: Sessions<any>,
  carriers: readonly [request: Request, ...alsoCarriers: object[]],
  handler: () => Maybe<Response>,
): Promise<Response> {
  const visit = sessions.mount(carriers, new FetchFacts(carriers[0]))
  if (!visit) return handler()
  let response
  try {
    response = await sessions.run(visit, handler)
  } catch (error) {
    if (!isAnswerable(error)) throw error
    response = refused(error)
  }
  // Before the commit: what comes of no response is not kept.
  if (!isResponse(response)) throw new SessionError('ERR_RESPONSE_INVALID', kindOf(response))
  let outgoing
  try {
    const finishing = visit.finish()
    outgoing = finishing instanceof Promise ? await finishing : finishing
  } catch (error) {
    // What is not sent must not be kept open.
    void response.body?.cancel().catch(() => {})
    return refused(error)
  }
  // A network error and a protocol switch have no headers that could be added to.
  if (!outgoing || response.type === 'error' || response.status === 101) return response
  // Never the app's own object: it may be kept and answered to the next visitor too.
  const headers = mergeInto(new Headers(response.headers), outgoing)
  const { status, statusText } = response
  return new Response(response.body, { status, statusText, headers })
}

/** By its looks: a library may bring a class of its own. */
function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'headers' in value && 'status' in value
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/**
 * Wraps a handler so that what another site has a visitor's browser send does not reach it.
 *
 * Goes inside `withSessions`. Where the headers do not decide, the token is the header
 * `x-csrf-token`, else the field `_csrf` within the first 64 KiB of a form: put it first.
 *
 * @throws ERR_CSRF, which `withSessions` answers with 403.
 *
 * @example
 * export default { fetch: withSessions(sessions, csrfGuard(sessions, handler)) }
 */
export function csrfGuard<Rest extends unknown[], Incoming extends Request = Request>(
  sessions: Sessions<any>,
  handler: FetchHandler<Rest, Incoming>,
): (request: Incoming, ...rest: Rest) => Promise<Response> {
  return async (request, ...rest) => {
    await sessions.checkCsrf(request, () => csrfFieldOf(request))
    return handler(request, ...rest)
  }
}

function refused(error: unknown): Response {
  const { status, headers, setCookie, body } = refusalOf(error)
  const merged = mergeInto(new Headers(headers), { vary: true, setCookie })
  return new Response(body, { status, headers: merged })
}

class FetchFacts implements RequestFacts {
  readonly #request: Request

  constructor(request: Request) {
    this.#request = request
  }

  get method(): string {
    return this.#request.method
  }

  get cookie(): string | null {
    return this.#request.headers.get('cookie')
  }

  get encrypted(): boolean {
    return this.#request.url.startsWith('https:')
  }

  header(name: string): string | null {
    const { headers, url } = this.#request
    // The header first: some servers put the address they listen on into the URL.
    return headers.get(name) ?? (name === 'host' ? new URL(url).host : null)
  }
}

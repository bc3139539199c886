/** Sessions for Fetch handlers: Bun, Deno, Workers, and every framework that speaks Request and Response. */

import { mergeInto } from '../http/headers.ts'
import type { RequestFacts } from '../http/request-facts.ts'
import type { Sessions } from '../session/sessions.ts'
import { csrfFieldOf } from './csrf-field.ts'
import { isAnswerable, refusalOf } from '../session/explain/refusal.ts'

/** A Fetch handler. What the runtime passes besides the request is passed on. */
export type FetchHandler<Rest extends unknown[] = unknown[]> = (
  request: Request,
  ...rest: Rest
) => Response | Promise<Response>

/**
 * Wraps a handler so that `sessions.get(request)` works in it.
 *
 * The response leaves once the session is kept; if that fails, an error takes its place. What a
 * handler lets through of our errors that names a status (nobody signed in, no answer from the store)
 * is answered with it; after any other error there is no response, so nothing is kept.
 *
 * @example
 * export default { fetch: withSessions(sessions, async (request) => new Response('hello')) }
 */
export function withSessions<Rest extends unknown[]>(
  sessions: Sessions<any>,
  handler: FetchHandler<Rest>,
): (request: Request, ...rest: Rest) => Promise<Response> {
  return async (request, ...rest) => {
    const visit = sessions.mount([request], factsOf(request))
    if (!visit) return handler(request, ...rest)
    let response
    try {
      response = await sessions.run(visit, () => handler(request, ...rest))
    } catch (error) {
      if (!isAnswerable(error)) throw error
      response = refused(error)
    }
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
export function csrfGuard<Rest extends unknown[]>(
  sessions: Sessions<any>,
  handler: FetchHandler<Rest>,
): (request: Request, ...rest: Rest) => Promise<Response> {
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

function factsOf({ method, headers, url }: Request): RequestFacts {
  return {
    method,
    cookie: headers.get('cookie'),
    encrypted: url.startsWith('https:'),
    // The header first: some servers put the address they listen on into the URL.
    header: (name) => headers.get(name) ?? (name === 'host' ? new URL(url).host : null),
  }
}

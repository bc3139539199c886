/** Sessions for `node:http`, `node:https` and the compatibility API of `node:http2`. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { RequestFacts } from '../../http/request-facts.ts'
import type { Maybe } from '../../base/ports.ts'
import { isThenable } from '../../base/realm.ts'
import { HANDLER_FAILED, isAnswerable, refusalOf } from '../../session/explain/refusal.ts'
import { requireFunction, requireSessions } from '../../session/require-sessions.ts'
import { isSafeMethod } from '../../session/csrf/request-origin.ts'
import { loginCheck, type LoginRequiredOptions } from '../../session/login-required.ts'
import type { Sessions } from '../../session/sessions.ts'
import type { Visit } from '../../session/visit.ts'
import { holdHeaders } from './gate.ts'
import { sendRedirect, sendRefusal } from './session-headers.ts'

export { mountUpgrade } from './upgrade.ts'

/**
 * Wraps a request listener so that `sessions.get(req)` works in it.
 *
 * Returns the listener's promise, fulfilled when the listener is done. An error that the listener
 * throws becomes a response: a session error with a status (401, 403, 503) that status, any other
 * error 500, an event and a line on the console. If the response headers are sent already, the
 * connection is closed.
 *
 * @throws ERR_OPTION_INVALID unless it is given `sessions` and a handler.
 *
 * @example
 * import { createServer } from 'node:http'
 * import { withSessions } from 'sojourn/node'
 * createServer(withSessions(sessions, async (req, res) => res.end('hello'))).listen(3000)
 */
export function withSessions<
  Request extends IncomingMessage | Http2ServerRequest = IncomingMessage,
  Response extends ServerResponse | Http2ServerResponse = ServerResponse,
>(
  sessions: Sessions<any>,
  listener: (req: Request, res: Response) => unknown,
): (req: Request, res: Response) => Maybe<void> {
  requireSessions(sessions, 'withSessions', 'withSessions(sessions, listener)')
  requireFunction(listener, 'listener')
  return (req, res) => {
    // The compatibility API of `node:http2` has the same methods, under other types.
    const visit = mountNode(sessions, req as IncomingMessage, res as ServerResponse)
    if (!visit) return listener(req, res) as Maybe<void>
    const failed = (error: unknown) => answer(visit, res as ServerResponse, error)
    try {
      const listening = sessions.run(visit, () => listener(req, res))
      return isThenable(listening)
        ? (listening.then(undefined, failed) as Promise<void>)
        : undefined
    } catch (error) {
      return failed(error)
    }
  }
}

/**
 * Wraps a request listener so that only signed-in visitors reach it. Goes inside `withSessions`.
 *
 * Other visitors are redirected to `redirect`, with the page they asked for as `next`; without
 * `redirect`, or if the store is unavailable, it throws the error of `sessions.signedIn`, which
 * `withSessions` turns into a response.
 *
 * @throws ERR_OPTION_INVALID
 *
 * @example
 * import { createServer } from 'node:http'
 * import { loginRequired, withSessions } from 'sojourn/node'
 * const account = loginRequired(sessions, { redirect: '/login' }, (req, res) => res.end('yours'))
 * createServer(withSessions(sessions, account)).listen(3000)
 */
export function loginRequired<
  Request extends IncomingMessage | Http2ServerRequest = IncomingMessage,
  Response extends ServerResponse | Http2ServerResponse = ServerResponse,
>(
  sessions: Sessions<any>,
  options: LoginRequiredOptions,
  listener: (req: Request, res: Response) => unknown,
): (req: Request, res: Response) => Promise<void> {
  requireSessions(sessions, 'loginRequired', 'loginRequired(sessions, options, listener)')
  requireFunction(listener, 'listener')
  const check = loginCheck(sessions, options)
  return async (req, res) => {
    const location = await check(req, req.method, req.url ?? '')
    if (location === undefined) await listener(req, res)
    else sendRedirect(res as ServerResponse, location)
  }
}

/** Sends the response of an error that the listener threw. */
function answer(visit: Visit, res: ServerResponse, error: unknown): void {
  const isOurs = isAnswerable(error)
  if (!isOurs) visit.failed?.(error)
  if (!res.headersSent) sendRefusal(res, isOurs ? refusalOf(error) : HANDLER_FAILED, res)
  // Destroys the response, so that the client notices that the rest is missing.
  else if (!res.writableEnded) res.destroy()
}

/**
 * Mounts a request of `node:http`, for adapters: its session is committed before headers are sent.
 *
 * `sessions.get` then finds the session by the request, the response and each of `alsoCarriers`,
 * such as a framework's own context. Run the handler in `sessions.run(visit, handler)`.
 *
 * @param failed is called with the error if the session could not be saved, so that the app sends
 * the error response. Only where it can: the whole response was given in one call of `end`, and no
 * middleware after the adapter has wrapped the response (compression). Otherwise, and without it, a
 * fixed response is sent.
 *
 * @returns `undefined` if the request is mounted already: then just call the handler.
 *
 * @example
 * import type { IncomingMessage, ServerResponse } from 'node:http'
 * import { mountNode } from 'sojourn/node'
 * function middleware(req: IncomingMessage, res: ServerResponse, next: () => Promise<void>) {
 *   const visit = mountNode(sessions, req, res)
 *   return visit ? sessions.run(visit, next) : next()
 * }
 */
export function mountNode(
  sessions: Sessions<any>,
  req: IncomingMessage,
  res: ServerResponse,
  alsoCarriers: readonly object[] = [],
  failed?: (error: unknown) => void,
): Visit | undefined {
  // `get(res)` finds the visit by `res.req`, unless one of the two has been wrapped.
  const carriers = res.req === req ? [req, ...alsoCarriers] : [res, req, ...alsoCarriers]
  const visit = sessions.mount(carriers, new NodeFacts(req, res))
  if (!visit) return undefined
  if (!Object.isExtensible(res)) {
    visit.readOnly('its response is frozen, so no cookie can be set')
    return visit
  }
  const refuser = holdHeaders(res, () => visit.finish(), failed)
  // The visit of an older copy of this package may not have this method.
  if (refuser) visit.onRefusal?.(refuser)
  return visit
}

/** A class, because an object literal with getters takes much longer to make for each request. */
class NodeFacts implements RequestFacts {
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  readonly #method: string | undefined

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.#req = req
    this.#res = res
    this.#method = req.method
  }

  get method(): string | undefined {
    // A method override may change `req.method`. Changing POST to GET would skip the CSRF check.
    return isSafeMethod(this.#method) ? this.#req.method : this.#method
  }

  get cookie(): string | undefined {
    return this.#req.headers?.cookie
  }

  get encrypted(): boolean | undefined {
    // A request made by a test or a gateway may have no socket.
    const socket = this.#req.socket as { encrypted?: boolean } | undefined
    return socket && socket.encrypted === true
  }

  get address(): string | undefined {
    return (this.#req.socket as { remoteAddress?: string } | undefined)?.remoteAddress
  }

  whenDone(run: () => void): void {
    const res = this.#res as Partial<ServerResponse>
    // A response that a test or a gateway has made may emit no events.
    if (res.once) res.once('close', run)
  }

  header(name: string): string | undefined {
    // A request that a test has made may have no headers.
    const headers = this.#req.headers ?? {}
    // HTTP/2: `:authority` takes precedence over the Host header (RFC 9113 section 8.3.1).
    const authority = name === 'host' ? headers[':authority'] : undefined
    const value = authority ?? headers[name]
    return Array.isArray(value) ? value[0] : value
  }
}

/** Sessions for `node:http`, `node:https` and the compatibility API of `node:http2`. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { RequestFacts } from '../../http/request-facts.ts'
import { isAnswerable } from '../../session/explain/refusal.ts'
import { isSafeMethod } from '../../session/csrf/request-origin.ts'
import type { Sessions } from '../../session/sessions.ts'
import type { Visit } from '../../session/visit.ts'
import { holdHeaders } from './gate.ts'
import { sendRefusal } from './session-headers.ts'

/**
 * Wraps a request listener so that `sessions.get(req)` works in it.
 *
 * @example
 * createServer(withSessions(sessions, async (req, res) => res.end('hello')))
 */
export function withSessions<
  Request extends IncomingMessage | Http2ServerRequest = IncomingMessage,
  Response extends ServerResponse | Http2ServerResponse = ServerResponse,
>(
  sessions: Sessions<any>,
  listener: (req: Request, res: Response) => unknown,
): (req: Request, res: Response) => void {
  return (req, res) => {
    // The compatibility API of `node:http2` has the same methods, under other types.
    const visit = mountNode(sessions, req as IncomingMessage, res as ServerResponse)
    if (!visit) return void listener(req, res)
    const listening = sessions.run(visit, () => listener(req, res))
    if (listening instanceof Promise) {
      void listening.catch((error: unknown) => answerOrThrow(res as ServerResponse, error))
    }
  }
}

/** Sends the response of a session error that has a status; throws any other error again. */
function answerOrThrow(res: ServerResponse, error: unknown): void {
  if (!isAnswerable(error) || res.headersSent) throw error
  sendRefusal(res, error, res)
}

/**
 * Mounts a request of `node:http`, for adapters: its session is committed before headers are sent.
 *
 * `sessions.get` then finds the session by the request, the response and each of `alsoCarriers`,
 * such as a framework's own context. Run the handler in `sessions.run(visit, handler)`.
 *
 * @returns `undefined` if the request is mounted already: then just call the handler.
 *
 * @example
 * const visit = mountNode(sessions, context.req, context.res, [context])
 * return visit ? sessions.run(visit, next) : next()
 */
export function mountNode(
  sessions: Sessions<any>,
  req: IncomingMessage,
  res: ServerResponse,
  alsoCarriers: readonly object[] = [],
): Visit | undefined {
  // A response is found by its `req`, unless one of them has been wrapped.
  const carriers = res.req === req ? [req, ...alsoCarriers] : [req, res, ...alsoCarriers]
  const visit = sessions.mount(carriers, new NodeFacts(req, res))
  if (visit) holdHeaders(res, () => visit.finish())
  return visit
}

/** A class: an object literal with getters takes much longer to make for each request. */
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
    // A method override may turn GET into DELETE; POST into GET would skip the CSRF check.
    return isSafeMethod(this.#method) ? this.#req.method : this.#method
  }

  get cookie(): string | undefined {
    return this.#req.headers.cookie
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
    // A stand-in of a test or a gateway may emit no events.
    if (res.once) res.once('close', run)
  }

  header(name: string): string | undefined {
    const { headers } = this.#req
    // HTTP/2: `:authority` takes precedence over the Host header (RFC 9113 section 8.3.1).
    const authority = name === 'host' ? headers[':authority'] : undefined
    const value = authority ?? headers[name]
    return Array.isArray(value) ? value[0] : value
  }
}

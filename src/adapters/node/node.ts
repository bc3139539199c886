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

/** Answers an error of ours that names a status; any other stays as unhandled as it was. */
function answerOrThrow(res: ServerResponse, error: unknown): void {
  if (!isAnswerable(error) || res.headersSent) throw error
  sendRefusal(res, error, res)
}

/**
 * Takes a request's place, once, and gates its response: what every adapter over `node:http` does.
 *
 * `sessions.get` then finds the session by the request, by the response and by each of `alsoCarriers`,
 * such as a framework's own context. Run the handler in `sessions.run(visit, handler)`.
 *
 * @returns `undefined` if the request has its place already: then just go on.
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
  // A response is found by its request, unless somebody has wrapped one of them.
  const carriers = res.req === req ? [req, ...alsoCarriers] : [req, res, ...alsoCarriers]
  const visit = sessions.mount(carriers, new NodeFacts(req))
  if (visit) holdHeaders(res, () => visit.finish())
  return visit
}

/** A class, since a literal with getters is made anew, slowly, for each request. */
class NodeFacts implements RequestFacts {
  readonly #req: IncomingMessage
  readonly #method: string | undefined

  constructor(req: IncomingMessage) {
    this.#req = req
    this.#method = req.method
  }

  get method(): string | undefined {
    // What a middleware makes of a POST is no GET, and what it makes of a GET may be a DELETE.
    return isSafeMethod(this.#method) ? this.#req.method : this.#method
  }

  get cookie(): string | undefined {
    return this.#req.headers.cookie
  }

  get encrypted(): boolean | undefined {
    // A request that a test or a gateway made up may have no socket.
    const socket = this.#req.socket as { encrypted?: boolean } | undefined
    return socket && socket.encrypted === true
  }

  header(name: string): string | undefined {
    const { headers } = this.#req
    // HTTP/2: where both are, the Host header does not count (RFC 9113 section 8.3.1).
    const authority = name === 'host' ? headers[':authority'] : undefined
    const value = authority ?? headers[name]
    return Array.isArray(value) ? value[0] : value
  }
}

/** Sessions for `node:http`, `node:https` and the compatibility API of `node:http2`. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { RequestFacts } from '../../http/request-facts.ts'
import { isSafeMethod } from '../../session/csrf/request-origin.ts'
import type { Sessions } from '../../session/sessions.ts'
import type { Visit } from '../../session/visit.ts'
import { holdHeaders } from './gate.ts'
import { addHeaders, forgetBody } from './gate-head.ts'
import { isAnswerable, refusalOf } from '../../session/explain/refusal.ts'

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
  const { status, headers, setCookie, body } = refusalOf(error)
  forgetBody(res)
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  addHeaders(res, { vary: true, setCookie })
  res.setHeader('content-length', Buffer.byteLength(body))
  res.writeHead(status)
  res.end(body)
}

/** Takes a request's place, once, and gates its response: what every adapter over `node:http` does. */
export function mountNode(
  sessions: Sessions<any>,
  req: IncomingMessage,
  res: ServerResponse,
): Visit | undefined {
  const visit = sessions.mount([req, res], factsOf(req))
  if (visit) holdHeaders(res, () => visit.finish())
  return visit
}

function factsOf(req: IncomingMessage): RequestFacts {
  const { method } = req
  return {
    get method() {
      // What a middleware makes of a POST is no GET, and what it makes of a GET may be a DELETE.
      return isSafeMethod(method) ? req.method : method
    },
    get cookie() {
      return req.headers.cookie
    },
    get encrypted() {
      // A request that a test or a gateway made up may have no socket.
      const socket = req.socket as { encrypted?: boolean } | undefined
      return socket && socket.encrypted === true
    },
    header(name) {
      // HTTP/2: where both are, the Host header does not count (RFC 9113 section 8.3.1).
      const authority = name === 'host' ? req.headers[':authority'] : undefined
      const value = authority ?? req.headers[name]
      return Array.isArray(value) ? value[0] : value
    },
  }
}

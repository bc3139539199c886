/** The session of a WebSocket: `mountUpgrade` opens it for the request that opens the socket. */

import type { IncomingMessage } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { invalid } from '../../base/options.ts'
import { backgroundTimer } from '../../base/ports.ts'
import type { RequestFacts } from '../../http/request-facts.ts'
import { refusalOf } from '../../session/explain/refusal.ts'
import type { Refuser } from '../../session/guards.ts'
import { requireSessions } from '../../session/require-sessions.ts'
import type { Sessions } from '../../session/sessions.ts'
import type { Visit } from '../../session/visit.ts'

/** How long a client may take to read a refusal, in milliseconds. */
const LONGEST_REFUSAL = 5_000

/** The requests that `mountUpgrade` has mounted, of each `sessions`. */
const mounted = new WeakMap<Sessions<any>, WeakSet<object>>()

/**
 * Mounts the request of a WebSocket: an `upgrade` of `node:http`, or any request of Socket.IO.
 *
 * `sessions.get(req)`, `signedIn(req)` and `checkCsrf(req)` then work. `checkCsrf` checks
 * Sec-Fetch-Site and Origin although the method is GET, because pages of other sites can open a
 * WebSocket, too. The session is read-only; `await session.reload()` reads what other requests have
 * saved. Pass `session.handle` to `sessions.onEnded` to close the socket when the session ends.
 *
 * If a guard refuses and nothing handles the error, the socket is closed; before the upgrade with a
 * response 401, 403 or 503. While a guard runs that is not awaited, nothing is sent: the socket does
 * not open.
 *
 * @param alsoCarriers other objects by which the session is found, such as the socket.
 * @returns `undefined` if `mountUpgrade` has mounted this request already.
 * @throws ERR_OPTION_INVALID if another adapter has mounted it, which treats GET as safe.
 *
 * @example
 * import { createServer } from 'node:http'
 * import { mountUpgrade } from 'sojourn/node'
 * import { WebSocketServer } from 'ws'
 * const wss = new WebSocketServer({ noServer: true })
 * createServer().on('upgrade', async (req, socket, head) => {
 *   mountUpgrade(sessions, req)
 *   await sessions.checkCsrf(req)
 *   const session = await sessions.signedIn(req)
 *   wss.handleUpgrade(req, socket, head, (ws) => {
 *     ws.on('close', sessions.onEnded(session.handle, () => ws.close(4401)))
 *   })
 * })
 */
export function mountUpgrade(
  sessions: Sessions<any>,
  req: IncomingMessage,
  alsoCarriers: readonly object[] = [],
): Visit | undefined {
  requireSessions(sessions, 'mountUpgrade', 'mountUpgrade(sessions, req)')
  const ours = mounted.get(sessions) ?? new WeakSet()
  mounted.set(sessions, ours)
  if (ours.has(req)) {
    sessions.carry(alsoCarriers, req)
    return undefined
  }
  const visit = sessions.mount([req, ...alsoCarriers], factsOf(req))
  if (!visit) {
    throw invalid(
      'req',
      'of mountUpgrade() is mounted by another adapter, which treats a GET as safe. Call mountUpgrade() first',
    )
  }
  ours.add(req)
  visit.readOnly('a WebSocket has no response that could set a cookie')
  visit.onRefusal(closing(req))
  return visit
}

function factsOf(req: IncomingMessage): RequestFacts {
  const socket = req.socket as (Socket & { encrypted?: boolean }) | undefined
  return {
    method: 'POST',
    cookie: req.headers.cookie,
    encrypted: socket && socket.encrypted === true,
    address: socket?.remoteAddress,
    header(name) {
      const value = req.headers[name]
      return Array.isArray(value) ? value[0] : value
    },
  }
}

/** Delays writes while a guard runs that nobody awaits; closes the socket if it refuses. */
function closing(req: IncomingMessage): Refuser {
  const { socket } = req
  // Node removes its own error listener at an upgrade: a disconnect would end the process.
  if (req.headers.upgrade) socket?.on?.('error', () => {})
  const sentBefore = socket?.bytesWritten
  return {
    isUsual: true,
    asked() {
      socket?.cork?.()
      let isHeld = true
      return () => {
        if (isHeld) socket?.uncork?.()
        isHeld = false
      }
    },
    refuse(error) {
      // A connection that is not upgraded may carry other requests. Another response on it would be
      // read as the response to one of those.
      const isUnanswered = req.headers.upgrade && socket?.bytesWritten === sentBefore
      if (!isUnanswered) return void socket?.destroy()
      // The client may keep its half of the connection open, or read nothing: destroy the socket.
      socket.once('finish', () => socket.destroy())
      socket.once(
        'close',
        backgroundTimer(() => socket.destroy(), LONGEST_REFUSAL),
      )
      socket.end(responseTo(error))
    },
  }
}

/** The refusal as the text of an HTTP response: for an upgrade, Node has no `ServerResponse`. */
function responseTo(error: unknown): string {
  const { status, headers, body } = refusalOf(error)
  const lines = Object.entries({ ...headers, connection: 'close' })
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')
}

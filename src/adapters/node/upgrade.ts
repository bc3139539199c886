/** The session of a WebSocket: `mountUpgrade` opens it for the request that the socket begins with. */

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
 * `sessions.get(req)`, `signedIn(req)` and `checkCsrf(req)` then work. For `checkCsrf` the request is
 * not safe, whatever its method: Sec-Fetch-Site and Origin decide, since another site's page may open
 * a WebSocket, too. The session is read-only; `await session.reload()` reads what was saved meanwhile.
 * Pass `session.handle` to `sessions.onEnded` to close the socket when the session ends.
 *
 * The refusal of a guard that nobody handles closes the socket, with a 401, 403 or 503 if it was not
 * upgraded yet. While a guard runs that is not awaited nothing is sent: its socket does not open.
 *
 * @param alsoCarriers other objects by which the session is found, such as the socket.
 * @returns `undefined` if `mountUpgrade` has mounted this request already.
 * @throws ERR_OPTION_INVALID if another adapter has mounted it, for which a GET is safe.
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
      'of mountUpgrade() is mounted by another adapter, for which it is a safe request. Call mountUpgrade() first',
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

/** Holds what is written while a guard runs that nobody awaits; closes the socket if it refuses. */
function closing(req: IncomingMessage): Refuser {
  const { socket } = req
  // Node leaves an upgrade's socket without one: a client that disconnects would end the process.
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
      // A connection that is not upgraded may carry other requests: a response to none would be read
      // as the response to another one.
      const isUnanswered = req.headers.upgrade && socket?.bytesWritten === sentBefore
      if (!isUnanswered) return void socket?.destroy()
      // Its other half stays open as long as the client wants, which may also read nothing.
      socket.once('finish', () => socket.destroy())
      socket.once(
        'close',
        backgroundTimer(() => socket.destroy(), LONGEST_REFUSAL),
      )
      socket.end(responseTo(error))
    },
  }
}

/** The refusal as text: for an upgrade, Node has no `ServerResponse`. */
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

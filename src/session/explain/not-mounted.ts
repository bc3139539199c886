/** Why `sessions.get()` found no session: the end of the message of ERR_SESSION_NOT_MOUNTED. */

const NOT_MOUNTED =
  'Put the middleware before the routes: app.use(sessionMiddleware(sessions)), or wrap the handler in withSessions(sessions, handler). A clone or a wrapper of a request is another object: pass the one the framework gave you.'

const OTHER_SESSIONS =
  'It was mounted by another createSessions(). Call createSessions once, in a module of its own, and import its sessions in the others.'

const UPGRADE =
  'A WebSocket upgrade passes no middleware. Write const session = await sessions.open(req.headers.cookie).'

/** For `sessions.current()` outside a request. */
export const NOT_RUNNING =
  'sessions.current() works while a request is handled behind an adapter. Elsewhere pass the request: sessions.get(req).'

/** What to do about a carrier without a session. `isForeign`: other `sessions` have mounted it. */
export function whyNotMounted(carrier: unknown, isForeign: boolean): string {
  if (typeof carrier === 'string') return keyForCarrier(carrier)
  if (isForeign) return OTHER_SESSIONS
  return isUpgrade(carrier) ? UPGRADE : NOT_MOUNTED
}

function isUpgrade(carrier: unknown): boolean {
  const headers = (carrier as { headers?: Headers & { upgrade?: unknown } } | null | undefined)
    ?.headers
  const upgrade = typeof headers?.get === 'function' ? headers.get('upgrade') : headers?.upgrade
  return String(upgrade).toLowerCase() === 'websocket'
}

function keyForCarrier(key: string): string {
  return `sessions.get() takes the request; a value is read from the session it gives: const session = await sessions.get(req), then session.get(${/^[A-Za-z_]{1,20}$/.test(key) ? `'${key}'` : 'key'}).`
}

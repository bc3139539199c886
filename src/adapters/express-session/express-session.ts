/** A drop-in replacement for express-session: `req.session`, saved by Sojourn's sessions. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { andThen, type Maybe } from '../../base/ports.ts'
import type { Outgoing } from '../../http/headers.ts'
import type { RequestFacts } from '../../http/request-facts.ts'
import type { Sessions } from '../../session/sessions.ts'
import type { Visit } from '../../session/visit.ts'
import { mountNode } from '../node/node.ts'
import { Session, type SessionRequest } from './bag.ts'
import { Cookie, dataOf, setCookieLine } from './cookie.ts'
import { LiveSession } from './live-session.ts'
import { waitingEnd } from './late-end.ts'
import { MemoryStore } from './memory-store.ts'
import type { ExpressSessionOptions } from './options.ts'
import { type Setup, setUp } from './setup.ts'
import { Store } from './store.ts'

/** The middleware, and the sessions that it uses. */
export interface SessionMiddleware {
  /** Gives the request its `req.session`, and calls `next`. */
  (req: IncomingMessage, res: ServerResponse, next: (error?: any) => void): void
  /** Our own API on the same sessions: `middleware.sessions.get(req)`, `revokeUser`, `checkCsrf`. */
  readonly sessions: Sessions
}

/** The type of the default export: `import session from 'sojourn/express-session'`. */
export interface ExpressSession {
  /** Makes the middleware. */
  (options: ExpressSessionOptions): SessionMiddleware
  /** The base class of stores. */
  readonly Store: typeof Store
  /** A store in this process, for development. */
  readonly MemoryStore: typeof MemoryStore
  /** The class of `req.session.cookie`. */
  readonly Cookie: typeof Cookie
  /** The class of `req.session`. */
  readonly Session: typeof Session
}

function session(options: ExpressSessionOptions): SessionMiddleware {
  const setup = setUp(options)
  const { store, sessions } = setup
  let isReady = true
  // Some stores report that they have lost their connection.
  if (typeof store.on === 'function') {
    store.on('disconnect', () => void (isReady = false))
    store.on('connect', () => void (isReady = true))
  }
  if (setup.isLegacy) store.generate = Store.prototype.generate
  const held = { ...sessions, mount: mounted }

  function mounted(carriers: readonly object[], facts: RequestFacts): Visit | undefined {
    const visit = sessions.mount(carriers, new FactsWithoutPrefetch(facts))
    return visit && new HeldVisit(visit)
  }

  function middleware(req: IncomingMessage, res: ServerResponse, next: (error?: any) => void) {
    if ((req as SessionRequest).session || !isReady || !isBelow(pathOf(setup, req), req))
      return next()
    const end = waitingEnd(res, next)
    const visit = mountNode(held, req, res, [], next) as HeldVisit | undefined
    if (!visit) return next()
    end.wait = () => visit.saveLate()
    visit.session().then((opened) => {
      try {
        visit.hold(setup, req, new LiveSession(setup, req, opened))
      } catch (error) {
        // The app's `genid` or `cookie` threw, or a row's cookie is invalid: `next` reports it.
        return next(error)
      }
      sessions.run(visit.inner, next)
    }, next)
  }

  return Object.assign(middleware, { sessions })
}

function pathOf(setup: Setup, req: IncomingMessage): string {
  return setup.path ?? setup.cookieFor(req).path ?? '/'
}

/** Whether the cookie's path covers the request: its original URL, also in a router. */
function isBelow(path: string, req: IncomingMessage): boolean {
  if (path === '/') return true
  const { originalUrl = req.url } = req as { originalUrl?: string | undefined }
  return (originalUrl ?? '/').replace(/[?#].*$/s, '').startsWith(path)
}

/** The facts of a request. As in express-session, a prefetch can change the session. */
class FactsWithoutPrefetch implements RequestFacts {
  readonly #facts: RequestFacts

  constructor(facts: RequestFacts) {
    this.#facts = facts
  }

  get method() {
    return this.#facts.method
  }

  get cookie() {
    return this.#facts.cookie
  }

  get encrypted() {
    return this.#facts.encrypted
  }

  get address() {
    return this.#facts.address
  }

  whenDone(run: () => void): void {
    this.#facts.whenDone?.(run)
  }

  header(name: string) {
    return PREFETCHES.includes(name) ? undefined : this.#facts.header(name)
  }
}

const PREFETCHES: readonly string[] = ['sec-purpose', 'purpose', 'next-router-prefetch']

/** A visit that transfers the changes of `req.session` to the session before each commit. */
class HeldVisit implements Visit {
  readonly inner: Visit
  #isSent = false
  #live: { setup: Setup; req: IncomingMessage; session: LiveSession } | undefined

  constructor(inner: Visit) {
    this.inner = inner
  }

  hold(setup: Setup, req: IncomingMessage, session: LiveSession): void {
    this.#live = { setup, req, session }
  }

  finish(): Maybe<Outgoing | undefined> {
    this.#live?.session.settle()
    const finishing = andThen(this.inner.finish(), (outgoing) => {
      const dressed = this.#dressed(outgoing)
      // Even if it is not sent, because it is Secure and the request was not.
      this.#live?.session.sent(outgoing?.setCookie?.split(';')[0])
      this.#isSent = true
      return dressed
    })
    if (finishing instanceof Promise) this.#live?.session.sends(finishing)
    return finishing
  }

  /** `LiveSession.saveLate`, once the headers are sent. */
  saveLate(): Promise<void> | undefined {
    return this.#isSent ? this.#live?.session.saveLate() : undefined
  }

  /** The Set-Cookie line with the attributes of `req.session.cookie`. */
  #dressed(outgoing: Outgoing | undefined): Outgoing | undefined {
    if (!this.#live || !outgoing) return outgoing
    const { setup, req, session } = this.#live
    const bag = session.touched()
    const { setCookie } = outgoing
    const [pair = ''] = setCookie?.split(';') ?? []
    const equals = pair.indexOf('=')
    // Either there is nothing to set, or the line removes the cookie.
    if (!bag || equals < 0 || equals === pair.length - 1) return outgoing
    const cookie = bag.cookie ?? setup.usualCookie(req)
    if (setup.isLegacy && cookie.secure && !setup.isSecure(req)) {
      return { ...outgoing, setCookie: undefined }
    }
    const line = setCookieLine(pair.slice(0, equals), pair.slice(equals + 1), dataOf(cookie))
    return { ...outgoing, setCookie: line }
  }

  session: Visit['session'] = () => this.inner.session()
  commit: Visit['commit'] = () => this.inner.commit()
  checkCsrf: Visit['checkCsrf'] = (token) => this.inner.checkCsrf(token)
  withoutCookie: Visit['withoutCookie'] = () => this.inner.withoutCookie()
  readOnly: Visit['readOnly'] = (why) => this.inner.readOnly(why)
  guard: Visit['guard'] = (name, check) => this.inner.guard(name, check)
  onRefusal: Visit['onRefusal'] = (refuser) => this.inner.onRefusal(refuser)
  failed: Visit['failed'] = (error) => this.inner.failed(error)
}

/**
 * Makes the middleware, as express-session does; its classes are properties of it.
 *
 * @throws ERR_OPTION_INVALID, ERR_SECRET_MISSING, ERR_SECRET_WEAK: at start-up
 *
 * @example
 * import session from 'sojourn/express-session'
 * app.use(session({ secret: process.env.SESSION_SECRET, store: 'cookie' }))
 */
const exported: ExpressSession = Object.assign(session, { Store, MemoryStore, Cookie, Session })

// Under the second name `require` returns it.
// oxlint-disable-next-line import/no-default-export -- express-session is imported so: `import session from`
export { exported as default, exported as 'module.exports' }
export type { Done, RequestStore, Session, SessionData, SessionRequest } from './bag.ts'
export type { Cookie, CookieAttributes, CookieData } from './cookie.ts'
export type { MemoryStore } from './memory-store.ts'
export type { ExpressSessionOptions as SessionOptions } from './options.ts'
export type { Store } from './store.ts'
export type { LegacyStore } from '../../formerly/express-store.ts'

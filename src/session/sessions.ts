/** `createSessions`: the one object an app makes, through which every request finds its session. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { SessionError } from '../base/errors.ts'
import type { Keepable } from '../record/values.ts'
import type { RequestFacts } from './hints.ts'
import type { SessionStore } from '../stores/store.ts'
import { type AcrossSessions, acrossSessions } from './stored-sessions.ts'
import { resolveOptions, type SessionOptions } from './options.ts'
import { Session } from './session.ts'
import { type Host, openState } from './state.ts'
import { createVisit, type Visit } from './visit.ts'

/** The session of a visitor who is signed in. */
export type SignedInSession<Data = any> = Session<Data, string>

/** Finds sessions. One per kind of session an app keeps; usually one. */
export interface Sessions<Data = any> {
  /**
   * The session of a request: give it whatever lives as long as the request in your framework.
   *
   * @throws ERR_SESSION_NOT_MOUNTED if no adapter has seen the request.
   */
  get(carrier: object): Promise<Session<Data>>
  /**
   * The session of a signed-in visitor.
   *
   * @throws ERR_NOT_SIGNED_IN (401), ERR_SESSION_NOT_MOUNTED, ERR_STORE_UNAVAILABLE (503)
   */
  signedIn(carrier: object): Promise<SignedInSession<Data>>
  /** The session of the request that is being handled, without naming it. @throws ERR_SESSION_NOT_MOUNTED */
  current(): Promise<Session<Data>>
  /** Opens a session from a Cookie header, without a framework; then `session.commit(headers)`. */
  open(cookieHeader: string | null | undefined): Promise<Session<Data>>
  /**
   * For adapters: takes a request's place under each of its carriers.
   *
   * `undefined` if an adapter has done so already, as when a middleware is mounted twice: then there
   * is nothing to do but to go on.
   */
  mount(carriers: readonly object[], facts: RequestFacts): Visit | undefined
  /** For adapters: runs a handler so that `current()` finds its session. */
  run<Result>(visit: Visit, handler: () => Result): Result
}

/** Sessions kept in a store: what one of them holds can be listed and ended from another. */
export interface StoredSessions<Data = any> extends Sessions<Data>, AcrossSessions {}

/**
 * Makes the sessions of an app.
 *
 * @example
 * const sessions = createSessions<{ visits: number }>({ secret: process.env.SESSION_SECRET })
 *
 * @throws ERR_SECRET_MISSING, ERR_SECRET_WEAK, ERR_OPTION_INVALID: misuse fails here, not at the
 * first request.
 */
export function createSessions<
  Data extends Keepable<Data, Extra> = Record<string, any>,
  Extra = never,
>(options: SessionOptions & { store: SessionStore }): StoredSessions<Data>
export function createSessions<
  Data extends Keepable<Data, Extra> = Record<string, any>,
  Extra = never,
>(options: SessionOptions): Sessions<Data>
export function createSessions(options: SessionOptions): Sessions | StoredSessions {
  const settings = resolveOptions(options)
  const host: Host = { ...settings, startedAt: settings.clock() }
  const visits = new WeakMap<object, Visit>()
  const running = new AsyncLocalStorage<Visit>()
  const lookAtStore = storeInspection(host)

  function visitOf(carrier: unknown): Visit {
    const visit = isObject(carrier) ? visits.get(carrier) : undefined
    if (visit) return visit
    const hint = typeof carrier === 'string' ? keyForCarrier(carrier) : NOT_MOUNTED
    host.hint(hint === NOT_MOUNTED ? 'not-mounted' : 'get-key', hint)
    throw new SessionError('ERR_SESSION_NOT_MOUNTED', hint)
  }

  async function get(carrier: unknown): Promise<Session<any, any>> {
    return visitOf(carrier).session()
  }

  async function currentHandle(): Promise<string | undefined> {
    const session = await running
      .getStore()
      ?.session()
      .catch(() => undefined)
    return session?.handle
  }

  const sessions: Sessions<any> = {
    get,
    async signedIn(carrier) {
      const session = await get(carrier)
      if (session.isUnavailable) {
        throw new SessionError('ERR_STORE_UNAVAILABLE', 'read', 'it could not be asked who this is')
      }
      if (session.userId === undefined) throw new SessionError('ERR_NOT_SIGNED_IN')
      return session
    },
    async current() {
      const visit = running.getStore()
      if (visit) return visit.session() as Promise<Session<any>>
      host.hint('not-running', NOT_RUNNING)
      throw new SessionError('ERR_SESSION_NOT_MOUNTED', NOT_RUNNING)
    },
    async open(cookieHeader) {
      if (cookieHeader !== undefined && cookieHeader !== null && typeof cookieHeader !== 'string') {
        throw new SessionError(
          'ERR_OPTION_INVALID',
          'cookieHeader',
          'has to be the text of a Cookie header. Pass request.headers.get("cookie")',
        )
      }
      lookAtStore()
      const facts: RequestFacts = { cookie: cookieHeader, header: () => undefined }
      return new Session<any>(await openState(host, facts))
    },
    mount(carriers, facts) {
      if (carriers.some((carrier) => visits.has(carrier))) return undefined
      lookAtStore()
      const visit = createVisit(host, facts)
      for (const carrier of carriers) visits.set(carrier, visit)
      return visit
    },
    run: (visit, handler) => running.run(visit, handler),
  }
  const { stored } = settings
  return stored ? { ...sessions, ...acrossSessions(stored, currentHandle) } : sessions
}

/** Looks at the store's settings once, with the first request: what it finds stops nobody. */
function storeInspection({ stored, engine, emit, hint }: Host): () => void {
  let isDone = !stored
  async function inspect(): Promise<void> {
    for (const finding of (await stored?.store.check()) ?? []) {
      emit({ type: 'store-finding', finding })
      hint(finding, `${engine}: ${finding}`)
    }
  }
  return () => {
    if (isDone) return
    isDone = true
    // A store that is away says so by itself, to the request that needs it.
    void inspect().catch(() => {})
  }
}

const NOT_MOUNTED =
  'Put the middleware before the routes: app.use(sessionMiddleware(sessions)), or wrap the handler in withSessions(sessions, handler). A clone or a wrapper of a request is another object: pass the one the framework gave you.'

const NOT_RUNNING =
  'sessions.current() works while a request is handled behind an adapter. Elsewhere pass the request: sessions.get(req).'

function keyForCarrier(key: string): string {
  return `sessions.get() takes the request; a value is read from the session it gives: const session = await sessions.get(req), then session.get(${/^[A-Za-z_]{1,20}$/.test(key) ? `'${key}'` : 'key'}).`
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/** `createSessions`: the one object an app makes, through which every request finds its session. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { SessionError } from '../base/errors.ts'
import type { Keepable } from '../record/text/values.ts'
import type { GivenToken } from './csrf/csrf.ts'
import type { RequestFacts } from '../http/request-facts.ts'
import type { BackendStore } from '../backends/store-backend.ts'
import { type AcrossSessions, acrossSessions } from './stored-sessions.ts'
import { createCarriers } from './carriers.ts'
import type { SessionOptions } from './setup/options.ts'
import { resolveOptions } from './setup/settings.ts'
import type { Policy } from './setup/policy.ts'
import { invalid } from '../base/options.ts'
import { Session } from './session.ts'
import {
  freshness,
  requireSignedIn,
  type SignedInOptions,
  type SignedInSession,
} from './signed-in.ts'
import { type Host, openState, type SecretUse } from './state.ts'
import { createVisit, type Visit } from './visit.ts'

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
   * @throws ERR_NOT_SIGNED_IN (401); ERR_LOGIN_STALE (401) where the login is not `within` the time;
   * ERR_SESSION_NOT_MOUNTED, ERR_STORE_UNAVAILABLE (503), ERR_OPTION_INVALID
   */
  signedIn(carrier: object, options?: SignedInOptions): Promise<SignedInSession<Data>>
  /** The session of the request that is being handled, without naming it. @throws ERR_SESSION_NOT_MOUNTED */
  current(): Promise<Session<Data>>
  /** Opens a session from a Cookie header, without a framework; then `session.commit(headers)`. */
  open(cookieHeader: string | null | undefined): Promise<Session<Data>>
  /**
   * Refuses a request that another site may have had the visitor's browser send.
   *
   * Requests that only ask pass; of the others the browser's own headers decide, and where they do
   * not, the token: `token` is what came with the form, or a function that finds it.
   *
   * @throws ERR_CSRF (403), ERR_SESSION_NOT_MOUNTED, ERR_STORE_UNAVAILABLE (503)
   */
  checkCsrf(carrier: object, token?: GivenToken): Promise<void>
  /** What holds for these sessions: plain data for a reviewer, without a secret in it. */
  describePolicy(): Policy
  /**
   * How many sessions this process opened under each secret, in the order of `secret` without those
   * that are not set, and when last.
   *
   * A session that comes with an old secret leaves with the current one, so what still comes are
   * visitors who were away: when none do, or after the longer of `lifetime.idle` and `permanent`, the
   * old secret can go.
   */
  secretUse(): SecretUse[]
  /**
   * For adapters: takes a request's place under each of its carriers.
   *
   * `undefined` if an adapter has done so already, as when a middleware is mounted twice: then there
   * is nothing to do but to go on. A response of Node's needs no place of its own: it is found by its
   * `req`.
   */
  mount(carriers: readonly object[], facts: RequestFacts): Visit | undefined
  /**
   * For adapters: more objects under which a request's session is found, as where a framework makes
   * another `Request` for a part of the page.
   *
   * What is mounted under one of them later belongs to the same visit.
   *
   * @param request a carrier of the request; the one that is being handled if it is left out.
   * @throws ERR_SESSION_NOT_MOUNTED; ERR_OPTION_INVALID for an object that carries another request's.
   */
  carry(carriers: readonly object[], request?: object): void
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
>(options: SessionOptions & { store: BackendStore }): StoredSessions<Data>
export function createSessions<
  Data extends Keepable<Data, Extra> = Record<string, any>,
  Extra = never,
>(options: SessionOptions): Sessions<Data>
export function createSessions(options: SessionOptions): Sessions | StoredSessions {
  const settings = resolveOptions(options)
  const host: Host = { ...settings, startedAt: settings.clock(), looksLeft: 32, secretUse: [] }
  for (let key = 0; key < settings.policy.secrets.count; key++) {
    host.secretUse.push({ opened: 0, lastAt: undefined })
  }
  const visits = createCarriers()
  const running = new AsyncLocalStorage<Visit>()
  const lookAtStore = storeInspection(host)

  function findVisit(carrier: object): Visit | undefined {
    const visit = visits.get(carrier)
    if (visit) return visit
    const { req } = carrier as { req?: unknown }
    return isObject(req) ? visits.get(req) : undefined
  }

  function visitOf(carrier: unknown): Visit {
    const visit = isObject(carrier) ? findVisit(carrier) : undefined
    if (visit) return visit
    const hint = typeof carrier === 'string' ? keyForCarrier(carrier) : NOT_MOUNTED
    host.hint(hint === NOT_MOUNTED ? 'not-mounted' : 'get-key', hint)
    throw new SessionError('ERR_SESSION_NOT_MOUNTED', hint)
  }

  function runningVisit(): Visit {
    const visit = running.getStore()
    if (visit) return visit
    host.hint('not-running', NOT_RUNNING)
    throw new SessionError('ERR_SESSION_NOT_MOUNTED', NOT_RUNNING)
  }

  // Not async: the visit's own promise is the answer, and one around it would take three more turns.
  function get(carrier: unknown): Promise<Session<any, any>> {
    try {
      return visitOf(carrier).session()
    } catch (error) {
      return Promise.reject(error as Error)
    }
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
    async signedIn(carrier, options = {}) {
      const freshMs = freshness(options)
      return requireSignedIn(host, await get(carrier), freshMs)
    },
    current: async () => runningVisit().session(),
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
      for (const carrier of carriers) if (findVisit(carrier)) return undefined
      lookAtStore()
      const visit = createVisit(host, facts)
      for (const carrier of carriers) visits.set(carrier, visit)
      return visit
    },
    carry(carriers, request) {
      const visit = request === undefined ? runningVisit() : visitOf(request)
      for (const carrier of carriers) {
        const carried = visits.get(carrier)
        if (carried === undefined) visits.set(carrier, visit)
        else if (carried !== visit) {
          throw invalid('carriers', 'has an object of another request')
        }
      }
    },
    run: (visit, handler) => running.run(visit, handler),
    checkCsrf: async (carrier, token) => visitOf(carrier).checkCsrf(token),
    describePolicy: () => settings.policy,
    secretUse: () =>
      host.secretUse.map(({ opened, lastAt }) => ({
        opened,
        lastAt: lastAt === undefined ? undefined : new Date(lastAt),
      })),
  }
  const { stored } = settings
  return stored ? { ...sessions, ...acrossSessions(stored, currentHandle) } : sessions
}

/** Looks at the store's settings once, with the first request: what it finds stops nobody. */
function storeInspection({ stored, engine, emit, hint }: Host): () => void {
  let isDone = !stored
  async function inspect(): Promise<void> {
    for (const finding of (await stored?.check()) ?? []) {
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

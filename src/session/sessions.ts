/** `createSessions` and the interface `Sessions`: finds the session of each request. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { SessionError } from '../base/errors.ts'
import type { Keepable } from '../record/text/values.ts'
import type { GivenToken } from './csrf/csrf.ts'
import type { RequestFacts } from '../http/request-facts.ts'
import type { BackendStore } from '../backends/store-backend.ts'
import { type AcrossSessions, acrossSessions } from './stored-sessions.ts'
import { CommitCount, type CloseOptions, closeSessions, type Unfinished } from './close.ts'
import { createCarriers, isMountedElsewhere } from './carriers.ts'
import { NOT_RUNNING, whyNotMounted } from './explain/not-mounted.ts'
import type { SessionOptions } from './setup/options.ts'
import { resolveOptions } from './setup/settings.ts'
import type { Policy } from './setup/policy.ts'
import { invalid } from '../base/options.ts'
import type { GuardName } from './guards.ts'
import { Session } from './session.ts'
import {
  freshness,
  requireSignedIn,
  type SignedInOptions,
  type SignedInSession,
} from './signed-in.ts'
import { watchUncommitted } from './lost-changes.ts'
import { openState } from './open-state.ts'
import type { Host, SecretUse } from './state.ts'
import { storeInspection } from './store-inspection.ts'
import { createVisit, type Visit } from './visit.ts'

/** The sessions of an app. An app usually makes one; a second one needs another cookie name. */
export interface Sessions<Data = any> {
  /**
   * Returns the session of a request. `carrier` is the request, or another carrier of the adapter,
   * such as the response or the framework's context.
   *
   * @throws ERR_SESSION_NOT_MOUNTED if no adapter has mounted the request; ERR_STORE_UNAVAILABLE.
   */
  get(carrier: object): Promise<Session<Data>>
  /**
   * Returns the session of a signed-in visitor.
   *
   * @throws ERR_NOT_SIGNED_IN (401); ERR_LOGIN_STALE (401) if the login is older than `within`;
   * ERR_SESSION_NOT_MOUNTED, ERR_STORE_UNAVAILABLE (503), ERR_OPTION_INVALID
   */
  signedIn(carrier: object, options?: SignedInOptions): Promise<SignedInSession<Data>>
  /** The current request's session (AsyncLocalStorage). @throws ERR_SESSION_NOT_MOUNTED */
  current(): Promise<Session<Data>>
  /** Opens a session from a Cookie header, without a framework; then `session.commit(headers)`. */
  open(cookieHeader: string | null | undefined): Promise<Session<Data>>
  /**
   * Rejects cross-site request forgery (CSRF).
   *
   * Safe methods (GET, HEAD) pass. Otherwise `Sec-Fetch-Site` and `Origin` decide, or, where they
   * cannot, the CSRF token. `token` is the form's token, or a function that returns it.
   *
   * @throws ERR_CSRF (403), ERR_SESSION_NOT_MOUNTED, ERR_STORE_UNAVAILABLE (503)
   */
  checkCsrf(carrier: object, token?: GivenToken): Promise<void>
  /**
   * Waits until commits in flight are saved and unconfirmed logouts are confirmed by the store, for
   * the end of the process. Call it after `server.close()`, and before you close the store's client,
   * which this never does. Returns what is left after `timeout`, for the log.
   *
   * Sessions still work afterwards. With sessions in the cookie nothing is ever in flight.
   *
   * @throws ERR_OPTION_INVALID
   */
  close(options?: CloseOptions): Promise<Unfinished>
  /** The effective settings as plain data for a review. Contains no secret. */
  describePolicy(): Policy
  /**
   * How many sessions this process has opened under each secret, and when last. In the order of
   * `secret`, without those that are not set.
   *
   * Sessions are rewritten under the current secret when they are used. A previous secret can be
   * removed once it is not used any more, or after the longer of `lifetime.idle` and `permanent`.
   */
  secretUse(): SecretUse[]
  /**
   * For adapters: registers a request, so that `get` finds its session by each of the carriers.
   *
   * Returns `undefined` if the request is mounted already, as with a middleware that is used twice:
   * the adapter then just calls the handler. A `ServerResponse` is found by its `req`.
   */
  mount(carriers: readonly object[], facts: RequestFacts): Visit | undefined
  /**
   * For adapters: adds carriers to a request that is mounted, such as another `Request` that a
   * framework makes for a part of the page. Mounting one of them later returns `undefined`.
   *
   * @param request a carrier of the request. @default the current request
   * @throws ERR_SESSION_NOT_MOUNTED; ERR_OPTION_INVALID for a carrier of another request.
   */
  carry(carriers: readonly object[], request?: object): void
  /** For adapters: runs a handler, in which `current()` returns its session. */
  run<Result>(visit: Visit, handler: () => Result): Result
}

/** Sessions in a store: they can also be listed and revoked. */
export interface StoredSessions<Data = any> extends Sessions<Data>, AcrossSessions {}

/**
 * Makes the sessions of an app.
 *
 * @example
 * const sessions = createSessions<{ visits: number }>({ secret: process.env.SESSION_SECRET })
 *
 * @throws ERR_SECRET_MISSING, ERR_SECRET_WEAK, ERR_OPTION_INVALID: options are checked here, not at
 * the first request.
 */
export function createSessions<
  Data extends Keepable<Data, Extra> = Record<string, any>,
  Extra = never,
>(options: SessionOptions & { store: BackendStore }): StoredSessions<Data>
export function createSessions<
  Data extends Keepable<Data, Extra> = Record<string, any>,
  Extra = never,
>(options: SessionOptions): Sessions<Data>
// For `ReturnType<typeof createSessions>`, which takes the last.
export function createSessions(options: SessionOptions): Sessions
export function createSessions(options: SessionOptions): Sessions | StoredSessions {
  const settings = resolveOptions(options)
  const host: Host = {
    ...settings,
    secretUse: [],
    toldInsecure: false,
    commits: new CommitCount(),
  }
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
    const why = whyNotMounted(carrier, isObject(carrier) && isMountedElsewhere(carrier))
    host.development?.warn(why, why)
    throw new SessionError('ERR_SESSION_NOT_MOUNTED', why)
  }

  function runningVisit(): Visit {
    const visit = running.getStore()
    if (visit) return visit
    host.development?.warn('not-running', NOT_RUNNING)
    throw new SessionError('ERR_SESSION_NOT_MOUNTED', NOT_RUNNING)
  }

  // Not async: returns the visit's own promise; another one around it would take three more ticks.
  function get(carrier: unknown): Promise<Session<any, any>> {
    try {
      return visitOf(carrier).session()
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  /** Runs a check of a request. Its refusal holds, even if nothing awaits it. */
  function guarded<Value>(
    guard: GuardName,
    carrier: unknown,
    check: (visit: Visit) => Promise<Value>,
  ): Promise<Value> {
    try {
      const visit = visitOf(carrier)
      return visit.guard(guard, check(visit))
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
    signedIn(carrier, options = {}) {
      const asked = guarded('signedIn', carrier, async (visit) => {
        const freshMs = freshness(options)
        return requireSignedIn(host, await visit.session(), freshMs)
      })
      const { development } = host
      return development ? development.watchPromise(asked, 'signedIn(req)') : asked
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
      const state = await openState(host, facts)
      state.watch = watchUncommitted(state)
      return new Session<any>(state)
    },
    mount(carriers, facts) {
      for (const carrier of carriers) if (findVisit(carrier)) return undefined
      lookAtStore()
      const visit = createVisit(host, facts)
      if (carriers[0]) host.development?.watchRequest(carriers[0])
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
    checkCsrf: (carrier, token) => guarded('checkCsrf', carrier, (visit) => visit.checkCsrf(token)),
    close: (options = {}) => closeSessions(host.commits, settings.stored, options),
    describePolicy: () => settings.policy,
    secretUse: () =>
      host.secretUse.map(({ opened, lastAt }) => ({
        opened,
        lastAt: lastAt === undefined ? undefined : new Date(lastAt),
      })),
  }
  const { stored } = settings
  const made = stored
    ? { ...sessions, ...acrossSessions(stored, host.engine, host.emit, currentHandle) }
    : sessions
  ;(globalThis as { [MADE]?: (sessions: Sessions) => void })[MADE]?.(made)
  return made
}

/** Under it the command `sojourn` listens for the sessions of an app that does not export them. */
export const MADE: unique symbol = Symbol.for('sojourn.made') as never

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

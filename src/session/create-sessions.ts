/** `createSessions`: makes the sessions of an app, and finds the session of each request. */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { BackendStore } from '../backends/store-backend.ts'
import { SessionError } from '../base/errors.ts'
import { invalid } from '../base/options.ts'
import type { RequestFacts } from '../http/request-facts.ts'
import type { Keepable } from '../record/text/values.ts'
import { createCarriers, isMountedElsewhere } from './carriers.ts'
import { closeSessions, CommitCount } from './close.ts'
import { NOT_RUNNING, whyNotMounted } from './explain/not-mounted.ts'
import type { GuardName } from './guards.ts'
import { watchUncommitted } from './lost-changes.ts'
import { endListeners } from './on-ended.ts'
import { openState } from './open-state.ts'
import { createVisit } from './request-visit.ts'
import type { DataOf, SchemaFor, SessionSchema } from './schema/standard-schema.ts'
import { Session } from './session.ts'
import type { Sessions, StoredSessions } from './sessions.ts'
import type { SessionOptions } from './setup/options.ts'
import { resolveOptions } from './setup/settings.ts'
import { freshness, requireSignedIn } from './signed-in.ts'
import type { Host } from './state.ts'
import { storeInspection } from './store-inspection.ts'
import { acrossSessions } from './stored-sessions.ts'
import type { Visit } from './visit.ts'

/**
 * Makes the sessions of an app.
 *
 * @throws ERR_SECRET_MISSING, ERR_SECRET_WEAK, ERR_OPTION_INVALID: options are checked here, not at
 * the first request.
 *
 * @example
 * import { createSessions } from 'sojourn'
 * const sessions = createSessions<{ visits: number }>({ secret: process.env.SESSION_SECRET })
 *
 * @example
 * import { createSessions } from 'sojourn'
 * import { z } from 'zod'
 * const schema = { visits: z.number() }
 * const sessions = createSessions({ secret: process.env.SESSION_SECRET, schema })
 */
export function createSessions<Schema extends SessionSchema>(
  options: SessionOptions & { schema: Schema; store: BackendStore },
): StoredSessions<DataOf<Schema>>
export function createSessions<Schema extends SessionSchema>(
  options: SessionOptions & { schema: Schema },
): Sessions<DataOf<Schema>>
export function createSessions<
  Data extends Keepable<Data, Extra> = Record<string, any>,
  Extra = never,
>(options: OptionsFor<Data> & { store: BackendStore }): StoredSessions<Data>
export function createSessions<
  Data extends Keepable<Data, Extra> = Record<string, any>,
  Extra = never,
>(options: OptionsFor<Data>): Sessions<Data>
// For `ReturnType<typeof createSessions>`, which uses the last overload.
export function createSessions(options: SessionOptions): Sessions
export function createSessions(options: Omit<SessionOptions, 'schema'>): Sessions | StoredSessions {
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

  // Not async: another promise around the visit's own would take three more ticks.
  function get(carrier: unknown): Promise<Session<any, any>> {
    try {
      return visitOf(carrier).session()
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  /** Runs a check of a request. If it refuses, no page is sent, even if nothing awaits the check. */
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

  const { stored, former } = settings
  const backends = [...(stored ? [stored] : []), ...(former?.stored ?? [])]
  const sessions: Sessions<any> = {
    get,
    signedIn(carrier, options = {}) {
      const asked = guarded('signedIn', carrier, async (visit) => {
        const required = freshness(options)
        return requireSignedIn(host, await visit.session(), required)
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
      for (const carrier of carriers) {
        const mounted = findVisit(carrier)
        if (mounted === undefined) continue
        // With an object that serves several requests, a visitor would get the session of another
        // one.
        if (carrier !== carriers[0] && running.getStore() !== mounted) {
          throw invalid('carriers', SHARED)
        }
        // Another Request object for the same page, for example after a rewrite in Astro.
        for (const other of carriers) if (!findVisit(other)) visits.set(other, mounted)
        return undefined
      }
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
    close: (options = {}) => closeSessions(host.commits, backends, options),
    describePolicy: () => settings.policy,
    secretUse: () =>
      host.secretUse.map(({ opened, lastAt }) => ({
        opened,
        lastAt: lastAt === undefined ? undefined : new Date(lastAt),
      })),
    formerlyUse: () => former?.use() ?? [],
  }
  const made = stored
    ? {
        ...sessions,
        ...acrossSessions(stored, host.engine, host.emit, currentHandle),
        onEnded: endListeners(stored, host.development),
      }
    : sessions
  ;(globalThis as { [MADE]?: (sessions: Sessions) => void })[MADE]?.(made)
  return made
}

const SHARED =
  'has an object of another request. Pass only objects that the framework makes for each request, such as its context'

/** The options of an app that declares the type of its data: a schema has to match it. */
type OptionsFor<Data> = Omit<SessionOptions, 'schema'> & { schema?: SchemaFor<Data> | undefined }

/** The key under which the command `sojourn` is told of the sessions of an app that does not export them. */
export const MADE: unique symbol = Symbol.for('sojourn.made') as never

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

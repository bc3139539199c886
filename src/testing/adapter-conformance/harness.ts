/** What an adapter's author gives to the suite: how an app of the framework starts and stops. */

import type { Maybe } from '../../base/ports.ts'
import type { Sessions } from '../../session/sessions.ts'
import type { AppReply, AppRequest, StartedApp } from './exchange.ts'

/** What an adapter may offer besides `sessions.get(carrier)`. */
export type AdapterFeature =
  /** `sessions.current()` works in a handler. */
  | 'current'
  /** Your `csrfGuard` stands in front of every path that begins with `/guarded`, after a form parser. */
  | 'csrfGuard'
  /** Your `loginRequired` with `redirect: '/login'` stands in front of `/account`. */
  | 'loginRequired'
  /** The framework has routes: none matches `/no/such/page`, and `app.before` runs in front of them. */
  | 'routes'
  /** The framework has error handlers: yours sends what `app.errorPage` returns, if there is one. */
  | 'errorPage'
  /** `throwRedirect` is given. Added by the suite. */
  | 'throwRedirect'

/** The app that the suite wants to run. */
export interface ConformanceApp {
  /** The sessions of the app, for your guards. */
  readonly sessions: Sessions<any>
  /** Mount each of these, in order: one as a rule; two, the same twice, or none in some scenarios. */
  readonly mount: readonly Sessions<any>[]
  /** Handles every request. If it throws, let the framework have the error. */
  handle(carrier: object, request: AppRequest): Promise<AppReply>
  /** For `routes`: await it in a middleware after those of `mount`. */
  before(carrier: object): Promise<void>
  /** For `errorPage`: the page for an error. `undefined`: leave errors to the framework. */
  readonly errorPage: AppErrorPage | undefined
}

/** Makes the page for an error. */
export type AppErrorPage = (error: unknown, carrier: object) => Promise<AppReply>

/** How the suite starts an app of the framework. */
export interface AdapterHarness {
  /** Starts the app on a free port. */
  start(app: ConformanceApp): Maybe<StartedApp>
  /** What the adapter offers. Scenarios on other features are left out. @default [] */
  readonly offers?: readonly AdapterFeature[]
  /** Throws what the framework's `redirect()` throws, where it throws. @default it returns */
  readonly throwRedirect?: (location: string) => never
  /**
   * What the framework does differently: the id of a scenario, with a part of the message that the
   * scenario fails with, such as `{ 'signed-in-401': 'status: 500, not 401' }`. The suite checks
   * that it fails so: an exception that is none any more is a failure.
   *
   * @default {}
   */
  readonly exceptions?: Readonly<Record<string, string>>
  /** How many requests are interleaved in the scenario on `current()`. @default 200 */
  readonly requests?: number
}

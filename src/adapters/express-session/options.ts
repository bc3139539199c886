/** The options of the drop-in replacement: those of express-session, and some of `createSessions`. */

import type { IncomingMessage } from 'node:http'
import type { BackendStore } from '../../backends/store-backend.ts'
import { invalid, refuseUnknown, requireObject } from '../../base/options.ts'
import type { LegacyStore } from '../../formerly/express-store.ts'
import type { SessionOptions } from '../../session/setup/options.ts'
import type { LifetimeOptions } from '../../session/setup/own-preset.ts'
import type { CookieAttributes } from './cookie.ts'

/** Options of `createSessions` that are passed through. */
export type PassedOptions = Omit<
  SessionOptions,
  'store' | 'cookie' | 'preset' | 'tags' | 'schema' | 'version' | 'migrate' | 'onInvalid'
>

/** The options: those of express-session, and some of `createSessions`. */
export interface ExpressSessionOptions extends PassedOptions {
  /**
   * Where sessions are saved. With a store of this package (`redisStore(client)`) or `'cookie'`, they
   * are in Sojourn's own format. With a store of express-session (connect-redis, connect-pg-simple),
   * they have express-session's cookie and rows, so that both libraries can run side by side.
   *
   * @default a new `MemoryStore`, for development
   */
  store?: BackendStore | LegacyStore | 'cookie' | undefined
  /** The cookie's name. @default 'connect.sid' with a store of express-session, otherwise ours */
  name?: string | undefined
  /** Another name of `name`, as in older versions of express-session. @default none */
  key?: string | undefined
  /** The attributes of the cookie, or a function of the request. @default {} */
  cookie?: CookieAttributes | ((req: any) => CookieAttributes) | undefined
  /**
   * Whether a visit without changes extends the session in the store. Unlike express-session it never
   * saves the data that this request has read: it calls `touch`, or, if the store has none, reads the
   * row again and saves that. @default true
   */
  resave?: boolean | undefined
  /** Whether the cookie is sent again with each response. @default false */
  rolling?: boolean | undefined
  /** Whether a new session without data is saved and gets a cookie. @default true */
  saveUninitialized?: boolean | undefined
  /** What `req.session = null` does: 'destroy' ends the session, 'keep' nothing. @default 'keep' */
  unset?: 'destroy' | 'keep' | undefined
  /**
   * Makes `req.sessionID`. With a store of express-session it is the session id: it has to be random
   * and unique. Otherwise it is only a label: the session id in the cookie is another one, always
   * random.
   *
   * @default text of 24 random bytes
   */
  genid?: ((req: any) => string) | undefined
  /**
   * Timeouts that the server enforces; with a store of this package, or `'cookie'`. Its `idle` is the
   * same as `cookie.maxAge`: write one of them.
   *
   * @default { idle: '1d' } unless `cookie.maxAge` is set, as in express-session; no absolute timeout
   */
  lifetime?: LifetimeOptions
  /** Whether to trust the header X-Forwarded-Proto. @default the app's setting "trust proxy" */
  proxy?: boolean | undefined
  /**
   * The path of the signed-in user's id in the data. In Sojourn's own format the session then belongs
   * to that user, so that `sessions.list` and `revokeUser` find it. `false`: no user.
   *
   * @default 'passport.user'
   */
  userId?: string | false | undefined
}

const PASSED: readonly string[] = [
  'secret',
  'encrypt',
  'lifetime',
  'formerly',
  'maxBytes',
  'audience',
  'trustedOrigins',
  'onEvent',
  'events',
  'clock',
  'rotate',
  'grace',
  'onReplay',
  'maxSessionsPerUser',
  'onLimit',
  'onUnavailable',
  'deadlines',
  'concurrency',
  'pollInterval',
]

const OWN: readonly string[] = [
  'store',
  'name',
  'key',
  'cookie',
  'resave',
  'rolling',
  'saveUninitialized',
  'unset',
  'genid',
  'proxy',
  'userId',
]

const ATTRIBUTES: readonly string[] = [
  'maxAge',
  'expires',
  'originalMaxAge',
  'path',
  'domain',
  'httpOnly',
  'secure',
  'sameSite',
  'priority',
  'partitioned',
]

const IN_COOKIE = 'Write it in cookie: { }'
const NOT_HERE: Readonly<Record<string, string>> = {
  maxAge: IN_COOKIE,
  secure: IN_COOKIE,
  httpOnly: IN_COOKIE,
  sameSite: IN_COOKIE,
  domain: IN_COOKIE,
  path: IN_COOKIE,
  saveUninitialised: 'Write saveUninitialized',
  keys: 'Write secret: it takes a list, too',
  schema: 'req.session is not checked. Use createSessions of this package for a schema',
  tags: 'req.session is JSON. Use createSessions of this package for other types',
}
const NOT_IN_COOKIE: Readonly<Record<string, string>> = {
  signed: 'Leave it out: the session id is always signed',
  overwrite: 'Leave it out: there is one session cookie in a response',
  encode: 'Leave it out: the value is signed, so others could not read it',
}

/** What is left of the options after the checks. */
export interface CheckedOptions {
  readonly passed: PassedOptions
  readonly name: string | undefined
  /** The attributes that are the same for all; `undefined` if a function makes them. */
  readonly cookie: CookieAttributes | undefined
  /** The attributes for a request. */
  cookieFor(req: IncomingMessage): CookieAttributes
  readonly saveUninitialized: boolean
  readonly rolling: boolean
  readonly resave: boolean
  readonly destroysUnset: boolean
  readonly genid: ((req: any) => string) | undefined
  /** @default undefined: the app's "trust proxy" */
  readonly proxy: boolean | undefined
  /** The path of the user's id in the data; empty if there is none. */
  readonly userPath: readonly string[]
}

/** Checks the options except `store`. @throws ERR_OPTION_INVALID */
export function checkOptions(options: ExpressSessionOptions): CheckedOptions {
  requireObject(options, 'options', '{ secret }')
  refuseUnknown(options, [...PASSED, ...OWN], '', NOT_HERE)
  const { cookie = {}, unset = 'keep', genid, proxy, userId = 'passport.user' } = options
  if (unset !== 'destroy' && unset !== 'keep') {
    throw invalid('unset', "must be 'destroy' or 'keep'")
  }
  if (genid !== undefined && typeof genid !== 'function') {
    throw invalid('genid', 'must be a function that returns a text')
  }
  if (userId !== false && typeof userId !== 'string') {
    throw invalid('userId', "has to be a path such as 'passport.user', or false")
  }
  const isMade = typeof cookie === 'function'
  if (!isMade) checkCookie(cookie)
  const passed: Record<string, unknown> = {}
  for (const name of PASSED) {
    const given = options[name as keyof ExpressSessionOptions]
    if (given !== undefined) passed[name] = given
  }
  return {
    passed: { secret: undefined, ...passed },
    name: options.name ?? options.key,
    cookie: isMade ? undefined : cookie,
    cookieFor: isMade ? (req) => cookie(req) ?? {} : () => cookie,
    saveUninitialized: options.saveUninitialized ?? true,
    rolling: Boolean(options.rolling),
    resave: options.resave ?? true,
    destroysUnset: unset === 'destroy',
    genid,
    proxy,
    userPath: userId === false || userId === '' ? [] : userId.split('.'),
  }
}

function checkCookie(cookie: CookieAttributes): void {
  requireObject(cookie, 'cookie')
  refuseUnknown(cookie, ATTRIBUTES, 'cookie.', NOT_IN_COOKIE)
  const { maxAge } = cookie
  if (maxAge !== undefined && maxAge !== null && !Number.isFinite(maxAge)) {
    throw invalid('cookie.maxAge', 'has to be a number of milliseconds, such as 86_400_000')
  }
}

/** Makes the sessions for the drop-in replacement: in our own format, or in express-session's. */

import type { IncomingMessage } from 'node:http'
import type { BackendStore } from '../../backends/store-backend.ts'
import { durationOf } from '../../base/duration.ts'
import { invalid } from '../../base/options.ts'
import type { Secret } from '../../crypto/keyring.ts'
import { expressPreset, isLegacyStore } from '../../formerly/express-session.ts'
import { storeName } from '../../formerly/express-store.ts'
import { randomId } from '../../formerly/signed-id.ts'
import { sameSiteOf } from '../../http/set-cookie.ts'
import { createSessions } from '../../session/create-sessions.ts'
import { type Warn, warnOnce } from '../../session/development/warn.ts'
import type { Sessions } from '../../session/sessions.ts'
import { ownPreset } from '../../session/setup/own-preset.ts'
import { Cookie, type CookieAttributes } from './cookie.ts'
import { MemoryStore } from './memory-store.ts'
import { checkOptions, type CheckedOptions, type ExpressSessionOptions } from './options.ts'
import { ownStore } from './own-store.ts'
import type { Store } from './store.ts'

/** The key of the data that holds `req.sessionID`. `req.session` does not show it. */
export const ID_KEY = ' id'

/** What the requests of one middleware share. */
export interface Setup extends CheckedOptions {
  readonly sessions: Sessions
  /** Whether the sessions are in a store; otherwise they are in the cookie. */
  readonly isStored: boolean
  /** Prints a development warning. @default undefined: in production */
  readonly warn: Warn | undefined
  /** Whether sessions have express-session's cookie and rows. */
  readonly isLegacy: boolean
  /** `req.sessionStore`. */
  readonly store: Store
  /** Makes `req.sessionID` of a new session. */
  newId(req: IncomingMessage): string
  /** The cookie attributes of a session that has not changed them. */
  usualCookie(req: IncomingMessage): Cookie
  isSecure(req: IncomingMessage): boolean
  readonly path: string | undefined
}

/** Checks the options, and makes the sessions. @throws ERR_OPTION_INVALID, ERR_SECRET_WEAK */
export function setUp(options: ExpressSessionOptions): Setup {
  const checked = checkOptions(options)
  const { store = new MemoryStore() } = options
  const isOurs = store === 'cookie' || typeof (store as BackendStore).backend === 'function'
  if (!isOurs && !isLegacyStore(store)) {
    throw invalid(
      'store',
      "is not a store. Pass a store of this package such as redisStore(client) of 'sojourn/stores/redis', 'cookie', or a store of express-session",
    )
  }
  if (store instanceof MemoryStore && process.env.NODE_ENV === 'production') {
    // oxlint-disable-next-line no-console -- as express-session: the only warning in production
    console.warn(LEAKS)
  }
  const isSecure = (req: IncomingMessage) => cameByHttps(req, checked.proxy)
  const usual = usualAttributes(checked, isOurs)
  const sessions = isOurs
    ? ownSessions(checked, store as BackendStore | 'cookie', usual)
    : legacySessions(checked, store as Store, usual)
  const { cookie } = sessions.describePolicy()
  const warn = process.env.NODE_ENV === 'production' ? undefined : warnOnce(() => cookie.name)
  if (!isOurs && !(store instanceof MemoryStore)) {
    warn?.('legacy-store', `${storeName(store as Store)}: ${NO_SWAP}`)
  }
  return {
    ...checked,
    sessions,
    isStored: store !== 'cookie',
    warn,
    isLegacy: !isOurs,
    store: isOurs ? ownStore() : (store as Store),
    newId: checked.genid ?? randomId,
    isSecure,
    path: checked.cookie ? (checked.cookie.path ?? '/') : undefined,
    usualCookie(req) {
      const attributes = checked.cookie ? usual : { ...usual, ...checked.cookieFor(req) }
      const cookie = new Cookie(attributes)
      if (cookie.secure === 'auto') cookie.secure = isSecure(req)
      if (cookie.sameSite === 'auto') cookie.sameSite = isSecure(req) ? 'none' : 'lax'
      return cookie
    },
  }
}

const LEAKS =
  'Warning: session.MemoryStore is not designed for a production environment: it never shrinks, and does not scale past a single process.'

const NO_SWAP =
  "express-session's stores have no compare-and-swap: if two processes write one session at the same moment, one of the changes is lost. A store of this package, such as redisStore(client), loses none."

const DAY = 86_400_000
/** The longest time that browsers store a cookie. */
const LONGEST = '400d'

/** In our own format the defaults are ours: SameSite=Lax, and Secure in production. */
function usualAttributes({ cookie = {} }: CheckedOptions, isOurs: boolean): CookieAttributes {
  return isOurs ? { sameSite: 'lax', secure: !isDeveloping(), ...cookie } : cookie
}

function isDeveloping(): boolean {
  return process.env.NODE_ENV === 'development' || process.env.NODE_ENV === 'test'
}

function ownSessions(
  { passed, name, cookie: given }: CheckedOptions,
  store: BackendStore | 'cookie',
  usual: CookieAttributes,
): Sessions {
  const { secret, lifetime = {}, ...more } = passed
  if (lifetime.idle !== undefined && typeof usual.maxAge === 'number') {
    throw invalid(
      'lifetime.idle',
      'cannot be combined with cookie.maxAge: both are the idle timeout',
    )
  }
  const idle = lifetime.idle ?? durationOf(usual.maxAge ?? DAY)
  const { secure, domain, path, httpOnly, partitioned } = usual
  const isSecure = given !== undefined && secure === true
  const preset = ownPreset(
    {
      lifetime: { permanent: LONGEST, ...lifetime, idle },
      cookie: {
        ...(name !== undefined && { name }),
        ...(domain !== undefined && { domain }),
        ...(path !== undefined && { path }),
        ...(httpOnly !== undefined && { httpOnly }),
        ...(isSecure && partitioned && { partitioned }),
        secure: isSecure,
        sameSite: sameSiteForAll(usual, isSecure),
      },
    },
    isDeveloping(),
  )
  return createSessions({
    ...more,
    secret,
    ...(store !== 'cookie' && { store }),
    // As with Flask's preset, a weak secret only warns in development, and text is taken literally.
    preset: { ...preset, tolerates: ['well-known', 'pattern', 'short'] },
  })
}

function sameSiteForAll({ sameSite }: CookieAttributes, isSecure: boolean) {
  const text = sameSite === true ? 'strict' : sameSite
  if (!text || text === 'auto' || (String(text).toLowerCase() === 'none' && !isSecure)) return 'Lax'
  return sameSiteOf(text) ?? 'Lax'
}

function legacySessions(
  { passed, name = 'connect.sid', rolling, resave }: CheckedOptions,
  store: Store,
  usual: CookieAttributes,
): Sessions {
  const { secret, lifetime, ...more } = passed
  if (lifetime) {
    throw invalid('lifetime', 'needs a store of this package. Write cookie.maxAge')
  }
  const { secure, sameSite, ...attributes } = usual
  const row = JSON.parse(JSON.stringify(new Cookie(attributes))) as {
    originalMaxAge: number | null
  }
  return createSessions({
    ...more,
    secret: secret as Secret,
    preset: expressPreset({
      store,
      rolling,
      resave,
      idKey: ID_KEY,
      // A key that no app has: a change of the user would otherwise renew the id that the app knows.
      userId: '_user_id',
      row: {
        ...row,
        ...(secure !== undefined && secure !== 'auto' && { secure }),
        ...(sameSite !== undefined && sameSite !== 'auto' && { sameSite }),
      },
      cookie: {
        name,
        path: usual.path ?? '/',
        domain: usual.domain,
        httpOnly: usual.httpOnly ?? true,
        secure: secure === true,
        partitioned: secure === true && (usual.partitioned ?? false),
      },
    }),
  })
}

/** Whether the browser used HTTPS, by express-session's rules. */
function cameByHttps(req: IncomingMessage, proxy: boolean | undefined): boolean {
  if ((req.socket as { encrypted?: boolean } | undefined)?.encrypted) return true
  if (proxy === false) return false
  // Express: by its setting "trust proxy".
  if (proxy !== true) return (req as { secure?: unknown }).secure === true
  const [first = ''] = String(req.headers['x-forwarded-proto'] ?? '').split(',')
  return first.trim().toLowerCase() === 'https'
}

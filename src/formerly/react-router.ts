/** `reactRouterSession()`: options for `createSessions` that read and write React Router's session cookie. */

import { isUtf8 } from 'node:buffer'
import { invalid, refuseUnknown, requireObject } from '../base/options.ts'
import type { Clock } from '../base/ports.ts'
import type { Secret } from '../crypto/keyring.ts'
import type { Sealer } from '../crypto/sealer.ts'
import { type Authenticator, authenticator } from '../crypto/signed.ts'
import { cookieValues } from '../http/cookie.ts'
import type { SessionOptions } from '../session/setup/options.ts'
import type { Preset } from '../session/setup/preset.ts'
import {
  ATTRIBUTES,
  attributesOf,
  conflictsOf,
  duration,
  type ForeignAttributes,
  INSTEAD_OF_ATTRIBUTE,
  lastingWriter,
  requireOptions,
  securesByDefault,
  SHARED_RULES,
} from './cookie-attributes.ts'
import { jsonLayout, type UserIdOption } from './json-layout.ts'

/** The options of `createCookieSessionStorage`, of React Router 7 and 8 and of Remix 2. */
export interface ReactRouterSessionOptions extends UserIdOption {
  /** The cookie: the object that `createCookieSessionStorage` is given as `cookie`. */
  cookie: ForeignAttributes & {
    /** Its name. @default '__session' */
    name?: string | undefined
    /** The secrets: the first signs, all verify. Text is taken literally. @default none, which throws */
    secrets?: readonly (Secret | undefined)[] | undefined
    /** How long browsers store the cookie, in seconds. @default until the browser is closed */
    maxAge?: number | undefined
  }
}

/**
 * Returns options for `createSessions` that read and write the cookie of React Router's
 * `createCookieSessionStorage`, which has to be signed. HttpOnly and, in production, Secure are set
 * by default, unlike in React Router.
 *
 * Its cookies contain no time, so the server cannot expire a session: only the browser ends it, after
 * maxAge or when it is closed. The user's id is an ordinary key. So are flash values
 * (`session.flash(name, value)`), which `sessionStorage` of `sojourn/react-router` reads.
 *
 * @throws ERR_OPTION_INVALID for an unknown option, or a value of the wrong type
 *
 * @example
 * import { createSessions } from 'sojourn'
 * import { reactRouterSession } from 'sojourn/formerly'
 * createSessions(reactRouterSession({ cookie: { secrets: [process.env.COOKIE_SECRET] } }))
 */
export function reactRouterSession(options: ReactRouterSessionOptions): SessionOptions {
  requireOptions(options, '{ cookie: { secrets: [process.env.COOKIE_SECRET] } }')
  refuseUnknown(options, ['cookie', 'userId'], '', INSTEAD)
  const { cookie, userId } = options
  requireObject(cookie, 'cookie', '{ secrets: [process.env.COOKIE_SECRET] }')
  refuseUnknown(
    cookie,
    ['name', 'secrets', 'maxAge', ...ATTRIBUTES],
    'cookie.',
    INSTEAD_OF_ATTRIBUTE,
  )
  const { name = '__session', secrets = [] } = cookie
  if (!Array.isArray(secrets)) throw invalid('cookie.secrets', 'has to be a list of secrets')
  const maxAge = duration(cookie.maxAge, 'cookie.maxAge', 'seconds')
  const preset: Preset = {
    ...SHARED_RULES,
    name: 'react-router',
    algorithms: { cookie: "HMAC-SHA-256 (React Router's)", keys: 'none' },
    secretName: 'cookie.secrets',
    lifetime: {
      idle: NEVER,
      permanent: NEVER,
      absolute: undefined,
      leeway: 60_000,
      renewal: 'never',
    },
    cookie: attributesOf(name, cookie, { secure: securesByDefault(), sameSite: 'Lax' }),
    writer: (plain) => lastingWriter(plain, maxAge === undefined ? undefined : maxAge * 1000),
    cookieValues: reactRouterValues,
    conflicts: conflictsOf('reactRouterSession'),
    format: ({ secrets: keys, clock, tags }) => ({
      layout: jsonLayout({ userId, tags, preset: 'reactRouterSession' }),
      sealer: reactRouterSealer(authenticator(keys, 'sha256'), clock),
      duplicates: 'first',
      clearsUnasked: false,
      resignsOldKeys: true,
      limit: { bytes: 4096, of: 'line' },
    }),
  }
  return { secret: [...secrets] as Secret[], preset }
}

const INSTEAD: Readonly<Record<string, string>> = {
  name: 'Write cookie: { name }',
  secrets: 'Write cookie: { secrets }',
  createData:
    'createSessionStorage keeps its data in your own database: only cookies are read here',
  readData: 'createSessionStorage keeps its data in your own database: only cookies are read here',
}

/** The cookies contain no time, so sessions do not expire on the server. */
const NEVER = Number.POSITIVE_INFINITY

// value = base64 "." signature        ; percent-encoded, since base64 has "=", "+" and "/"
/** The first value of the cookie, which is the one that React Router reads. */
function reactRouterValues(header: string | null | undefined, name: string): string[] {
  const [value] = cookieValues(header, name)
  // React Router clears the cookie by setting it to an empty value.
  return value ? [percentDecoded(value)] : []
}

function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

/** Reads and writes signed JSON. A value contains no time, so the last visit counts as now. */
function reactRouterSealer({ sign, verify }: Authenticator, clock: Clock): Sealer {
  return {
    seal(text) {
      const base64 = Buffer.from(text, 'utf8').toString('base64')
      return encodeURIComponent(`${base64}.${toBase64(sign(base64))}`)
    },
    open(value) {
      const dot = value.lastIndexOf('.')
      const signature = value.slice(dot + 1)
      if (dot < 0 || !/^[a-zA-Z0-9+/]+$/.test(signature)) return 'malformed'
      const base64 = value.slice(0, dot)
      const key = verify(base64, signature.replaceAll('+', '-').replaceAll('/', '_'))
      if (key === undefined) return 'signature'
      const bytes = Buffer.from(base64, 'base64')
      if (!isUtf8(bytes)) return 'payload'
      return { text: bytes.toString('utf8'), seconds: Math.floor(clock() / 1000), key }
    },
  }
}

function toBase64(base64url: string): string {
  return base64url.replaceAll('-', '+').replaceAll('_', '/')
}

/** Cookie attributes as other libraries name them, and the rules that their presets share. */

import { invalid, requireObject } from '../base/options.ts'
import { type CookieAttributes, type SetCookieWriter, sameSiteOf } from '../http/set-cookie.ts'
import type { PresetConflict, PresetRules } from '../session/setup/preset.ts'

/** Attributes of a cookie, with the names of the package `cookie`, which those libraries use. */
export interface ForeignAttributes {
  /** The host that, with its subdomains, receives the cookie. @default only the host that set it */
  domain?: string | undefined
  /** The path below which browsers send the cookie. @default '/' */
  path?: string | undefined
  /** Hides the cookie from scripts. @default true */
  httpOnly?: boolean | undefined
  /**
   * The browser sends the cookie over HTTPS only.
   *
   * @default true for `ironSession` and `fastifySession`, false for `expressSession`; for the others
   * true, unless NODE_ENV is `development` or `test`
   */
  secure?: boolean | undefined
  /**
   * 'Strict', 'Lax' or 'None', in upper or lower case; `true` means 'Strict', `false` no attribute.
   *
   * @default 'Lax' for `ironSession` and `reactRouterSession`, no attribute for the others
   */
  sameSite?: boolean | 'strict' | 'lax' | 'none' | 'Strict' | 'Lax' | 'None' | undefined
  /** One cookie per top-level site (CHIPS). @default false */
  partitioned?: boolean | undefined
}

/** The names of `ForeignAttributes`. */
export const ATTRIBUTES = ['domain', 'path', 'httpOnly', 'secure', 'sameSite', 'partitioned']

/** What to write in place of cookie options that no preset has. */
export const INSTEAD_OF_ATTRIBUTE: Readonly<Record<string, string>> = {
  expires: 'Write maxAge: with a fixed date all sessions would expire at the same moment',
  encode: 'The value is written as that library writes it by default',
  decode: 'The value is read as that library reads it by default',
  priority: 'Leave it out: only Chromium supports it',
}

/** Checks the cookie's attributes, and fills in the defaults. @throws ERR_OPTION_INVALID */
export function attributesOf(
  name: string | undefined,
  given: ForeignAttributes,
  defaults: { secure: boolean; sameSite?: CookieAttributes['sameSite'] },
): CookieAttributes {
  const { domain, sameSite = defaults.sameSite, secure = defaults.secure } = given
  if ((secure as unknown) === 'auto')
    throw invalid('cookie.secure', "is 'auto': write true or false")
  return {
    name: name!,
    // Browsers ignore a dot at the beginning, which older software wrote.
    domain: typeof domain === 'string' ? domain.replace(/^\./, '') : domain,
    path: given.path ?? '/',
    httpOnly: given.httpOnly ?? true,
    secure,
    sameSite: typeof sameSite === 'boolean' ? strictIf(sameSite) : sameSiteOf(sameSite),
    partitioned: given.partitioned ?? false,
  }
}

function strictIf(isStrict: boolean): 'Strict' | undefined {
  return isStrict ? 'Strict' : undefined
}

/** Whether cookies are Secure by default, as with Sojourn's own cookie. */
export function securesByDefault(): boolean {
  return process.env.NODE_ENV !== 'development' && process.env.NODE_ENV !== 'test'
}

/** A writer whose cookies all have this lifetime, in milliseconds, permanent sessions or not. */
export function lastingWriter(plain: SetCookieWriter, maxAge: number | undefined): SetCookieWriter {
  if (maxAge === undefined) return plain
  return { ...plain, set: (value, _, now) => plain.set(value, maxAge, now) }
}

/** Seconds or milliseconds from 0 on. @throws ERR_OPTION_INVALID */
export function duration(given: unknown, option: string, unit: string): number | undefined {
  if (given === undefined || given === null) return undefined
  if (typeof given === 'number' && given >= 0) return given
  throw invalid(option, `has to be a number of ${unit}, 0 or more`)
}

/** Throws unless the options are one object. @throws ERR_OPTION_INVALID */
export function requireOptions(given: unknown, example: string): void {
  if (Array.isArray(given)) throw invalid('options', 'is a list: call createSessions for each')
  requireObject(given, 'options', example)
}

/** Options of `createSessions` that cannot be combined with a preset of another library. */
export function conflictsOf(preset: string): NonNullable<PresetRules['conflicts']> {
  const refused: Readonly<Record<PresetConflict, string>> = {
    store: 'that library reads only its own cookie',
    encrypt: 'that library could not read the cookie',
    audience: 'that library has no such setting',
    lifetime: `pass the duration to ${preset}()`,
    maxBytes: 'the limit is the 4096 bytes that browsers store',
    version: 'the cookie has no place for a number. Use a key',
    cookie: `pass the attributes to ${preset}()`,
  }
  return Object.entries(refused).map(
    ([option, why]) =>
      [option as PresetConflict, `cannot be combined with ${preset}(): ${why}`] as const,
  )
}

/** Rules that all these presets share. Their libraries extend a session only when it changes. */
export const SHARED_RULES = {
  tolerates: ['well-known', 'pattern', 'short'],
  expiry: 'Max-Age',
  consumesAllFlashes: false,
  renewsUnasked: false,
} satisfies Partial<PresetRules>

/** Cookie attributes in other libraries' spelling, and the rules that their presets share. */

import { invalid, requireObject } from '../base/options.ts'
import { type CookieAttributes, type SetCookieWriter, sameSiteOf } from '../http/set-cookie.ts'
import type { PresetConflict, PresetRules } from '../session/setup/preset.ts'

/** Attributes of a cookie as the libraries of the `cookie` package's family spell them. */
export interface ForeignAttributes {
  /** The host that, with its subdomains, receives the cookie. @default only the host that set it */
  domain?: string | undefined
  /** The path below which browsers send the cookie. @default '/' */
  path?: string | undefined
  /** Hides the cookie from scripts. @default true */
  httpOnly?: boolean | undefined
  /** The browser sends the cookie over HTTPS only. @default that of the library */
  secure?: boolean | undefined
  /** `true` means 'Strict'; `false` no attribute. In any case. @default that of the library */
  sameSite?: boolean | 'strict' | 'lax' | 'none' | 'Strict' | 'Lax' | 'None' | undefined
  /** One cookie per top-level site (CHIPS). @default false */
  partitioned?: boolean | undefined
}

/** The names of `ForeignAttributes`. */
export const ATTRIBUTES = ['domain', 'path', 'httpOnly', 'secure', 'sameSite', 'partitioned']

/** What to do instead of options of a cookie that no preset has. */
export const INSTEAD_OF_ATTRIBUTE: Readonly<Record<string, string>> = {
  expires: 'A fixed date would end all sessions at once: write maxAge',
  encode: 'The value is written as that library writes it by default',
  decode: 'The value is read as that library reads it by default',
  priority: 'Only Chromium knows it: leave it out',
}

/** The cookie's attributes. @throws ERR_OPTION_INVALID */
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
    // Browsers ignore the dot that older software wrote.
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

/** Whether cookies are Secure by default: as those of Sojourn. */
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

/** Throws unless these are options. @throws ERR_OPTION_INVALID */
export function requireOptions(given: unknown, example: string): void {
  if (Array.isArray(given)) throw invalid('options', 'is a list: call createSessions for each')
  requireObject(given, 'options', example)
}

/** Options of `createSessions` that a preset of another library rules out. */
export function conflictsOf(preset: string): NonNullable<PresetRules['conflicts']> {
  const refused: Readonly<Record<PresetConflict, string>> = {
    store: 'that library reads only its own cookie',
    encrypt: 'that library could not read the cookie',
    audience: 'that library has no such setting',
    lifetime: `pass the duration to ${preset}()`,
    maxBytes: 'a browser keeps 4096 bytes',
    version: 'the cookie has no place for a number. Use a key',
    cookie: `pass the attributes to ${preset}()`,
  }
  return Object.entries(refused).map(
    ([option, why]) =>
      [option as PresetConflict, `cannot be combined with ${preset}(): ${why}`] as const,
  )
}

/** Rules that all presets of cookies share. Their libraries renew a session by changes only. */
export const SHARED_RULES = {
  tolerates: ['well-known', 'pattern', 'short'],
  expiry: 'Max-Age',
  consumesAllFlashes: false,
  renewsUnasked: false,
} satisfies Partial<PresetRules>

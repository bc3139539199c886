/** Flask-Login's keys in the session: what a login and a logout write, and its session protection. */

import { createHash } from 'node:crypto'
import { invalid } from '../base/options.ts'
import type { RequestFacts } from '../http/request-facts.ts'
import type { Change } from '../record/changes.ts'
import { isPermanent, type Layout, type SessionRecord, userIdOf } from '../record/record.ts'
import type { PresetRules } from '../session/setup/preset.ts'
import { werkzeugCookieValues } from './cookie-header.ts'

/** The settings of Flask-Login that concern the session, with Flask-Login's names and defaults. */
export interface FlaskLoginConfig {
  /**
   * Flask-Login's session protection: what happens if a request comes from another address or
   * browser than the login. `'basic'`: the login is not fresh any more. `'strong'`: the visitor is
   * signed out, unless the session is permanent. `null`: nothing. Set the same value in both apps.
   * @default 'basic'
   */
  SESSION_PROTECTION?: 'basic' | 'strong' | null
  /** The name of the remember cookie, which Flask-Login clears after a logout. @default 'remember_token' */
  REMEMBER_COOKIE_NAME?: string
}

/** Flask-Login's own keys of a session: its `SESSION_KEYS`. */
const SESSION_KEYS: readonly string[] = [
  '_user_id',
  '_remember',
  '_remember_seconds',
  '_id',
  '_fresh',
  'next',
]

/** The rules of a preset that follow Flask-Login's behaviour. @throws ERR_OPTION_INVALID */
export function flaskLoginRules(
  config: FlaskLoginConfig,
): Pick<PresetRules, 'loginKeys' | 'logoutKeys' | 'protection'> {
  const { SESSION_PROTECTION: mode = 'basic' } = config
  const name = config.REMEMBER_COOKIE_NAME ?? 'remember_token'
  if (mode !== null && mode !== 'basic' && mode !== 'strong') {
    throw invalid('SESSION_PROTECTION', "has to be 'basic', 'strong' or null")
  }
  // Flask-Login then ignores its cookie, and clears it with its next response.
  const clearing = { _remember: 'clear' }
  const logoutKeys = (facts: RequestFacts) =>
    werkzeugCookieValues(facts.cookie, name).length > 0 ? clearing : {}
  return {
    loginKeys: flaskLoginKeys,
    logoutKeys,
    protection:
      mode === null
        ? undefined
        : (record, layout, facts, at) => {
            if (!isOfOtherRequest(record, layout, facts, mode)) return undefined
            if (mode === 'basic' || isPermanent(record, layout)) return notFresh(record)
            const keep = [...record.data.keys()].filter((key) => !SESSION_KEYS.includes(key))
            return [{ do: 'logout', keep, at, also: logoutKeys(facts) }]
          },
  }
}

/** The change to a login that is not fresh. Flask-Login writes `false` even if there was no value. */
function notFresh({ data }: SessionRecord): readonly Change[] | undefined {
  const fresh = data.get('_fresh')
  if (fresh === undefined || fresh.text === 'false') return undefined
  return [{ do: 'set', key: '_fresh', text: 'false' }]
}

/** Whether somebody is signed in, and `_id` is that of another browser or address. */
function isOfOtherRequest(
  record: SessionRecord,
  layout: Layout,
  facts: RequestFacts,
  mode: 'basic' | 'strong',
): boolean {
  if (userIdOf(record, layout) === undefined) return false
  const [address, ...alike] = addressesOf(facts)
  // `_id` cannot be compared. Only `strong` then signs out: a login must not be valid elsewhere.
  if (address === undefined) return mode === 'strong'
  const text = record.data.get('_id')?.text
  const agent = facts.header('user-agent') ?? undefined
  return ![address, ...alike].some((from) => text === `"${identifier(from, agent)}"`)
}

/**
 * The keys that `login_user` writes beside `_user_id`.
 *
 * If the visitor's address is unknown, `_id` is `undefined`, which deletes it: Flask-Login then
 * treats the login as not fresh.
 */
export function flaskLoginKeys(facts: RequestFacts): { _fresh: true; _id: string | undefined } {
  const [address] = addressesOf(facts)
  const agent = facts.header('user-agent') ?? undefined
  return { _fresh: true, _id: address === undefined ? undefined : identifier(address, agent) }
}

/** The visitor's address, the first of X-Forwarded-For; then its other spelling, if it has one. */
function addressesOf(facts: RequestFacts): string[] {
  const forwarded = facts.header('x-forwarded-for')
  // The proxy sends the same text to both apps.
  if (typeof forwarded === 'string') {
    return [forwarded.split(',')[0]!.replace(/^[ \t\n\r\v\f]+|[ \t\n\r\v\f]+$/g, '')]
  }
  if (facts.address === undefined) return []
  // On an IPv6 socket an IPv4 address has a longer spelling. Flask may listen on either kind of
  // socket.
  const [, short = facts.address] = /^::ffff:(\d+\..*)$/i.exec(facts.address) ?? []
  return IPV4.test(short) ? [short, `::ffff:${short}`] : [short]
}

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/

/** Flask-Login's `_create_identifier`. */
function identifier(address: string, userAgent: string | undefined): string {
  const agent = userAgent === undefined ? 'None' : bytesRepr(userAgent)
  return createHash('sha512')
    .update(`${bytesRepr(address)}|${agent}`)
    .digest('hex')
}

/** Python's `repr(text.encode('utf-8'))`. */
function bytesRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  let inside = ''
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte)
    if (character === quote || character === '\\') inside += `\\${character}`
    else if (byte >= 0x20 && byte < 0x7f) inside += character
    else inside += SHORT[character] ?? `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return `b${quote}${inside}${quote}`
}

const SHORT: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' }

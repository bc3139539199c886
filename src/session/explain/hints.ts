/** Development warnings on the console: for each common mistake one line, once per process, never in production. */

import type { Opened, Rejection } from '../../backends/backend.ts'
import { printable } from '../../base/printable.ts'
import { unpack } from '../../crypto/payload.ts'
import { decodeSeconds } from '../../crypto/signed.ts'
import type { RequestFacts } from '../../http/request-facts.ts'
import type { LossCause } from './events.ts'
import { foreignCookie } from './foreign-cookies.ts'

/** Prints a development warning, at most once per cause. */
export type Hint = (cause: string, line: string) => void

/** Makes the printer of development warnings. In production it prints nothing. */
export function hintPrinter(production: boolean): Hint {
  if (production) return () => {}
  const said = new Set<string>()
  return (cause, line) => {
    if (said.has(cause)) return
    said.add(cause)
    console.warn(`[sojourn] ${printable(line)}`)
  }
}

/** Prints an error of a request listener that nobody handled, in production, too. */
export function printFailure(error: unknown): void {
  console.error('[sojourn] A request listener failed, and nothing handled its error:', error)
}

/** Warns that `Vary: Cookie` can no longer be sent: a cache may give the page to other visitors. */
export function hintOpenedLate(hint: Hint): void {
  hint(
    'opened-late',
    'sessions.get() was first called after the response headers were sent, so no Vary: Cookie tells caches that the page depends on the visitor. Call it before you send the response. A socket has no page to cache: ignore this line there.',
  )
}

/** Warns that a guard refused a request and that nothing handled the refusal. */
export function hintUnheeded(
  hint: Hint,
  { guard, status, wasAwaited }: { guard: string; status: number; wasAwaited: boolean },
): void {
  const remedy = wasAwaited
    ? 'An await is missing where the function that asked is called; or the framework does not handle errors of async handlers, as Express 4: use loginRequired() there, or pass them on with .catch(next).'
    : `An await is missing: write \`await sessions.${guard}(req)\`.`
  hint(
    `guard-${guard}-${wasAwaited ? 'unhandled' : 'unheeded'}`,
    `sessions.${guard}() refused a request and nothing handled it: the visitor was sent status ${status} instead of the page. ${remedy}`,
  )
}

/** Warns that a cookie was not accepted, and says why. */
export function hintRejected(
  hint: Hint,
  name: string,
  { presented, rejected }: Opened,
  { startedAt, layout }: { startedAt: number; layout: 'own' | 'flask' | 'stored' },
): void {
  const value = presented[0] ?? ''
  if (rejected[0] !== 'signature' && rejected[0] !== 'malformed') {
    const line = REJECTED[rejected[0] as keyof typeof REJECTED]
    hint(`rejected-${rejected[0]}`, line.replace(IDLE, layout === 'flask' ? FLASK_IDLE : OWN_IDLE))
    return
  }
  if (layout === 'stored' && signedText(value)?.startsWith('[')) {
    hint('before-the-store', BEFORE_THE_STORE)
    return
  }
  const owner =
    ownerOf(value, layout) ?? (rejected[0] === 'malformed' ? "another program's" : undefined)
  if (owner) {
    hint(`foreign-${owner}`, `The cookie "${name}" looks like ${owner}. ${SHARED_COOKIES}`)
    return
  }
  const seconds = decodeSeconds(value.split('.').at(-2) ?? '')
  hint(
    'signature',
    seconds !== undefined && seconds > 0 && seconds * 1000 < startedAt
      ? `The cookie "${name}" was signed with another secret before this process started. ${FIX_SECRET} If another app set it: ${SHARED_COOKIES}`
      : `The cookie "${name}" does not verify: it was changed, or signed with ${UNKNOWN_SECRET}, perhaps by another app. ${SHARED_COOKIES}`,
  )
}

const UNKNOWN_SECRET = 'a secret that is not configured here'
const FIX_SECRET =
  'A secret made at start-up logs everyone out on each restart: set one in the environment (npx sojourn secret --write .env).'
const SHARED_COOKIES =
  "Cookies do not know ports: apps on localhost:3000 and localhost:3001 share them. Use another cookie name, as cookie: { name: 'shop' }."
const IDLE = 'lifetime.idle'
const OWN_IDLE = 'lifetime.idle (lifetime.permanent, if it is permanent)'
const FLASK_IDLE = 'PERMANENT_SESSION_LIFETIME'
const NEW_SESSION = 'The visitor gets a new session.'

const REJECTED: Readonly<Record<Exclude<Rejection, 'signature' | 'malformed'>, string>> = {
  'unknown-key': `A session cookie was encrypted with ${UNKNOWN_SECRET}. ${FIX_SECRET}`,
  expired: `A session expired: it was idle for longer than ${IDLE}. ${NEW_SESSION}`,
  'expired-absolute': `A session expired: it is older than lifetime.absolute. ${NEW_SESSION}`,
  future:
    'A session cookie was signed in the future: the clocks of your servers differ. Synchronize them (NTP).',
  payload:
    'A session cookie verifies but cannot be read: another program signs with the same secret. Give each its own secret or audience.',
  gone: `A session is not in the store: it was ended, or this is the store of another environment. ${NEW_SESSION}`,
  superseded:
    'A request with the session id from before a login was treated as anonymous: it was sent before the login finished.',
  replayed:
    'A session id was replayed after it had been renewed: a stolen cookie, or a browser that never received the new one. It is not accepted.',
  corrupt:
    'A row in the store cannot be read: another program writes to it, or the option tags lacks a tag.',
}

const BEFORE_THE_STORE = `A cookie contains the session itself, from before sessions were saved in a store. ${NEW_SESSION}`

/** The text in a cookie of itsdangerous' layout, which ours and Flask's have. */
function signedText(value: string): string | undefined {
  const parts = value.split('.')
  return parts.length >= 3 ? unpack(parts.slice(0, -2).join('.')) : undefined
}

/** Whose cookie this probably is, if it is not ours. */
function ownerOf(value: string, layout: 'own' | 'flask' | 'stored'): string | undefined {
  const foreign = foreignCookie(value)
  if (foreign) return foreign.title
  const text = signedText(value)
  if (layout !== 'flask') return text?.startsWith('{') ? "Flask's" : undefined
  return text?.startsWith('[') ? "Sojourn's own, without the flask preset" : undefined
}

/** Warns that the browser sent several cookies of our name. */
export function hintDuplicates(hint: Hint, name: string, { presented, verified }: Opened): void {
  hint(
    'duplicates',
    `The browser sent ${presented.length} cookies named "${name}", ${verified} of them valid: one was set with another Domain or Path. The newest valid one is used. Delete the other, or change the cookie's name.`,
  )
}

/** Warns that the app's own Set-Cookie of our name was replaced by the session's. */
export function hintReplaced(hint: Hint, name: string): void {
  hint(
    'replaced',
    `The response had a Set-Cookie for "${name}" of its own, and the session changed in the same request: the session's Set-Cookie was sent instead. To sign out call session.logout(); for a cookie of your own use another name.`,
  )
}

const ON_YOUR_MACHINE = 'On your own machine set NODE_ENV=development'

/** Whether a request came over plain HTTP, and no proxy says that the browser used HTTPS. */
export function isPlainHttp(facts: RequestFacts): boolean {
  return facts.encrypted === false && facts.header('x-forwarded-proto') !== 'https'
}

/** Warns that a Secure cookie is sent over plain HTTP, where browsers may drop it. */
export function hintSecure(hint: Hint, facts: RequestFacts): void {
  const host = (facts.header('host') ?? '').replace(/:\d+$/, '')
  const local = host === 'localhost' || host === '127.0.0.1' || host === '[::1]'
  hint(
    'secure',
    `A Secure cookie is sent over plain HTTP${local ? ': on localhost not every browser accepts it' : ', where browsers drop it'}. ${ON_YOUR_MACHINE}; elsewhere serve HTTPS.`,
  )
}

/** Warns that changes are lost. `names`: what was changed. */
export function hintLost(hint: Hint, why: LossCause, names: readonly string[]): void {
  const list = names.map((name) => `"${name}"`).join(', ')
  hint(
    `lost-${why}-${list.slice(0, 100)}`,
    LOST[why].replace('%', () => list),
  )
}

const LOST: Readonly<Record<LossCause, string>> = {
  'after-response':
    'A session value was changed after the response was sent, and the change is lost: %. Change it before you send the response.',
  'no-set-cookie':
    'A session was changed in a response that cannot set a cookie (status 101), and the changes are lost: %. Change it in the request before, such as that of the page, or use a store.',
  'not-committed':
    'A session from sessions.open() was changed three seconds ago and is not saved: %. Call await session.commit(headers), and send these headers.',
}

/** Warns that flash messages were dropped. */
export function hintMessages(hint: Hint, count: number): void {
  hint(
    'flashes-dropped',
    `${count === 1 ? 'A flash message was' : `${count} flash messages were`} dropped, the oldest first: more were waiting than fit into the session. Show them with session.flashes() on the page that the visitor sees next.`,
  )
}

/** Warns that a request from another origin came without cookies. */
export function hintCrossOrigin(hint: Hint, facts: RequestFacts): void {
  const origin = facts.header('origin')
  if (facts.cookie || !origin || origin === 'null') return
  const site = facts.header('sec-fetch-site')
  const crosses = site
    ? site === 'cross-site' || site === 'same-site'
    : hostOf(origin) !== facts.header('host')
  if (!crosses) return
  hint(
    'cross-origin',
    `A request from ${ORIGIN.test(origin) ? origin : 'another origin'} came without cookies. Call fetch(url, { credentials: 'include' }), respond with Access-Control-Allow-Credentials: true and that exact origin, and from another site set sameSite: 'None'.`,
  )
}

// origin = scheme "://" host [":" port]
const ORIGIN = /^[a-z][a-z0-9+.-]{0,30}:\/\/[\w.:[\]-]{1,260}$/i

function hostOf(origin: string): string {
  return origin.slice(origin.indexOf('://') + 3)
}

/** Warns that NODE_ENV is not set, on a terminal and outside CI. */
export function hintEnvironment(hint: Hint, cookieName: string): void {
  if (process.stdout?.isTTY !== true || process.env['CI']) return
  hint(
    'node-env',
    `NODE_ENV is not set, so the cookie is "${cookieName}" and Secure, as in production. ${ON_YOUR_MACHINE}.`,
  )
}

/**
 * What to do about a missing secret. Names the variable that is set, or stands in a `.env` file.
 *
 * Reads the file, unless in production.
 */
export function missingSecretRemedy(variable: string): string {
  const inFile = process.env['NODE_ENV'] === 'production' ? [] : secretsInEnvFile()
  const names = [variable, ...inFile.filter((name) => name !== variable)]
  const set = names.find((name) => process.env[name])
  if (set) {
    return `process.env.${set} is set: read that, and compare the spelling of the name. For a new secret run \`npx sojourn secret --write .env\`.`
  }
  if (inFile.length > 0) {
    const name = inFile.includes(variable) ? variable : inFile[0]!
    return `There is a .env file with ${name} in it that was not loaded: ${START} read process.env.${name}.`
  }
  return `Run \`npx sojourn secret --write .env\`, ${START} pass process.env.${variable}.`
}

const START = 'start with `node --env-file=.env`, and'

function secretsInEnvFile(): string[] {
  try {
    const fs = process.getBuiltinModule('node:fs')
    // Reading a pipe would wait for whoever writes to it.
    if (!fs.statSync('.env').isFile()) return []
    const lines = fs.readFileSync('.env', 'utf8').split(/\r?\n/)
    return lines.flatMap(
      (line) => /^\s*(?:export\s+)?(\w*SECRET\w*)\s*=\s*\S/.exec(line)?.[1] ?? [],
    )
  } catch {
    return [] // There is no such file, no file system, or no `getBuiltinModule`.
  }
}

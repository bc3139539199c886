/** One line on the console, once per cause and never in production, for what bites on the first day. */

import type { Opened, Rejection } from '../../backends/backend.ts'
import { printable } from '../../base/printable.ts'
import { unpack } from '../../crypto/payload.ts'
import { decodeSeconds } from '../../crypto/signed.ts'
import type { RequestFacts } from '../../http/request-facts.ts'
import { foreignCookie } from './foreign-cookies.ts'

/** Prints a line, at most once per cause. */
export type Hint = (cause: string, line: string) => void

/** Makes the printer; in production it prints nothing. */
export function hintPrinter(production: boolean): Hint {
  if (production) return () => {}
  const said = new Set<string>()
  return (cause, line) => {
    if (said.has(cause)) return
    said.add(cause)
    console.warn(`[sojourn] ${printable(line)}`)
  }
}

/** Explains a cookie that was not accepted. */
export function hintRejected(
  hint: Hint,
  name: string,
  { presented, rejected }: Opened,
  { startedAt, layout }: { startedAt: number; layout: 'own' | 'flask' | 'stored' },
): void {
  const value = presented[0] ?? ''
  if (rejected[0] !== 'signature' && rejected[0] !== 'malformed') {
    hint(`rejected-${rejected[0]}`, REJECTED[rejected[0] as keyof typeof REJECTED])
    return
  }
  if (layout === 'stored' && signedText(value)?.startsWith('[')) {
    hint('before-the-store', BEFORE_THE_STORE)
    return
  }
  const owner =
    ownerOf(value, layout) ?? (rejected[0] === 'malformed' ? "another program's" : undefined)
  if (owner) {
    hint(
      `foreign-${owner}`,
      `The cookie "${name}" looks like ${owner}. Cookies do not know ports, so another program on this host shares them: give one of the two another cookie name.`,
    )
    return
  }
  const seconds = decodeSeconds(value.split('.').at(-2) ?? '')
  hint(
    'signature',
    seconds !== undefined && seconds > 0 && seconds * 1000 < startedAt
      ? `The cookie "${name}" was signed with another secret, before this process started. A secret made at start-up logs everyone out on each restart: keep one in the environment (npx sojourn secret --write .env).`
      : `The cookie "${name}" does not verify: it was changed, or signed with a secret that is not configured here. The visitor gets a new session.`,
  )
}

const REJECTED: Readonly<Record<Exclude<Rejection, 'signature' | 'malformed'>, string>> = {
  'unknown-key':
    'A session cookie was encrypted with a secret that is not configured here. A secret made at start-up logs everyone out on each restart: keep one in the environment (npx sojourn secret --write .env).',
  expired: 'A session was idle for longer than lifetime.idle, so the visitor gets a new one.',
  'expired-absolute': 'A session is older than lifetime.absolute, so the visitor gets a new one.',
  future: 'A session cookie was signed in the future: the clocks of your servers differ.',
  payload:
    'A session cookie verifies but cannot be read: another program signs with the same secret.',
  gone: 'A session is not in the store any more: it was ended, or the store was emptied, or it keeps another environment. The visitor gets a new one.',
  superseded:
    'A request came with the id from before a login a moment ago, and was treated as anonymous.',
  replayed:
    'A session id was shown again that had been renewed: perhaps a stolen cookie, perhaps a browser that lost an answer. It opens nothing.',
  corrupt:
    'The store holds something else under a session key than was written there: another program writes to it, or tags are missing.',
}

const BEFORE_THE_STORE =
  'A cookie carries a session itself, from before sessions were kept in a store. The visitor gets a new one.'

/** What a cookie in the layout of itsdangerous carries, ours and Flask's alike. */
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

/** Says that duplicates were sent. */
export function hintDuplicates(hint: Hint, name: string, { presented, verified }: Opened): void {
  hint(
    'duplicates',
    `The browser sent ${presented.length} cookies named "${name}", ${verified} of them valid: one was set with another Domain or Path. The newest valid one is used. Delete the other in the browser, or change the cookie's name.`,
  )
}

/** Says that a Secure cookie is about to leave where browsers may drop it. */
export function hintSecure(hint: Hint, facts: RequestFacts): void {
  if (facts.encrypted !== false || facts.header('x-forwarded-proto') === 'https') return
  const host = (facts.header('host') ?? '').replace(/:\d+$/, '')
  const local = host === 'localhost' || host === '127.0.0.1' || host === '[::1]'
  hint(
    'secure',
    `A Secure cookie leaves over plain HTTP${local ? ': Chromium and Firefox keep it on localhost, Safari and curl do not' : ', and browsers drop it there'}. On your own machine set NODE_ENV=development; elsewhere serve HTTPS.`,
  )
}

/** Says that a call from another origin came without cookies. */
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
    `A call from ${ORIGIN.test(origin) ? origin : 'another origin'} came without cookies. Send them with fetch(url, { credentials: 'include' }), answer with Access-Control-Allow-Credentials: true and that exact origin, and from another site use sameSite: 'None' with secure.`,
  )
}

// origin = scheme "://" host [":" port]
const ORIGIN = /^[a-z][a-z0-9+.-]{0,30}:\/\/[\w.:[\]-]{1,260}$/i

function hostOf(origin: string): string {
  return origin.slice(origin.indexOf('://') + 3)
}

/** Says what NODE_ENV decides, on what looks like a developer's machine. */
export function hintEnvironment(hint: Hint, cookieName: string): void {
  const atDesk = process.stdout?.isTTY === true && !process.env['CI']
  if (!atDesk) return
  hint(
    'node-env',
    `NODE_ENV is not set, so the cookie is "${cookieName}" and Secure, as in production. On your own machine set NODE_ENV=development.`,
  )
}

/** What to do about a missing secret, with a look into `.env` where there is one. */
export function missingSecretRemedy(variable: string): string {
  const found = secretsInEnvFile()
  if (found.length > 0) {
    const name = found.includes(variable) ? variable : found[0]!
    return `There is a .env file with ${name} in it that was not loaded: start with \`node --env-file=.env\`, and read process.env.${name}.`
  }
  return `Run \`npx sojourn secret --write .env\`, start with \`node --env-file=.env\`, and pass process.env.${variable}.`
}

function secretsInEnvFile(): string[] {
  try {
    const fs = process.getBuiltinModule('node:fs')
    const lines = fs.readFileSync('.env', 'utf8').split(/\r?\n/)
    return lines.flatMap(
      (line) => /^\s*(?:export\s+)?(\w*SECRET\w*)\s*=\s*\S/.exec(line)?.[1] ?? [],
    )
  } catch {
    return [] // No such file, no file system, or an older runtime: then there is nothing to add.
  }
}

/** Tells why something failed and what to do about it, without what must not be shown. */

import { withoutPasswords } from '../../base/redact.ts'
import { percentDecoded } from '../../session/development/foreign-cookies.ts'

/** Variables whose values are nobody's business. */
const PRIVATE_NAME = /secret|key|token|pass|pwd|auth|dsn|url|uri|credential/i

/** What a shell calls its folders. */
const FOLDER = /^(?:OLD)?PWD$/

/** The text without passwords in URLs, and without what private variables of the environment hold. */
export function withoutSecrets(text: string, environment: NodeJS.ProcessEnv = process.env): string {
  const secrets = Object.entries(environment).flatMap(([name, value = '']) =>
    // Shorter ones are words such as "true", and would take the sense out of a message.
    value.length < 8 || !PRIVATE_NAME.test(name) || FOLDER.test(name)
      ? []
      : [value, ...passwordsIn(value)].map((secret) => ({ name, secret })),
  )
  // The longest first: one may be the beginning of another.
  secrets.sort((a, b) => b.secret.length - a.secret.length)
  return withoutPasswords(
    secrets.reduce((shown, { name, secret }) => shown.replaceAll(secret, `[${name}]`), text),
  )
}

/** The passwords in a URL, in each way that a client may spell them in an error. */
function passwordsIn(value: string): string[] {
  // userinfo = user [":" password] "@";   a "@" in a password should be escaped, but often is not
  const raw = /^[^:]*:\/\/[^:]*:([^]*)@/.exec(value)?.[1] ?? ''
  const url = URL.canParse(value) ? new URL(value) : undefined
  const parameters = [...(url?.searchParams ?? [])].filter(([name]) => PRIVATE_NAME.test(name))
  return [raw, url?.password ?? '', ...parameters.map(([, text]) => text)]
    .flatMap((text) => [text, percentDecoded(text), encodeURIComponent(percentDecoded(text))])
    .filter((text) => text.length > 3)
}

/** An error in one line: what the client of a store said, rather than that it failed. */
export function reasonOf(error: unknown): string {
  const cause = innermost(error)
  if (!(cause instanceof Error)) return withoutSecrets(String(cause))
  const { name, message, code } = cause as NodeJS.ErrnoException
  // What the library says itself holds no secret, and speaks of options such as "secret".
  const says = (name === 'SessionError' ? message : withoutSecrets(message)).split('\n')[0]!
  const isCode = typeof code === 'string' && !code.startsWith('ERR_') && !says.includes(code)
  return isCode ? `${says || 'it failed'} (${withoutSecrets(code)})` : says
}

/** The error behind those that only say that there was one. */
function innermost(error: unknown): unknown {
  // A host with several addresses fails once for each.
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0])
  return codeOf(error) === UNAVAILABLE && (error as Error).cause
    ? innermost((error as Error).cause)
    : error
}

/** Told by its code: the app may have a copy of the library, and its class, of its own. */
const UNAVAILABLE = 'ERR_STORE_UNAVAILABLE'

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** What to do, by the code of an error or by what a client of a store says. */
const REMEDIES: readonly [says: RegExp, remedy: string][] = [
  [/^ERR_UN/, 'Give the JavaScript it is compiled to, or use Node.js 22.18 or newer.'],
  [/^ERR_SECRET_|^ERR_OPTION_/, 'Give the command the variables that the app has: --env .env.'],
  [/WRONGPASS|NOAUTH|28P01|28000/, 'The user or the password that the app has is wrong.'],
  [/ECONNREFUSED|ENOTFOUND/, 'Nothing listens at the address that the app has. Start it there.'],
  [/^ERR_STORE_UNAVAILABLE/, 'Start it, or look at the address and the password that the app has.'],
]

/** What failed, in one line, and what to do about it, if that is known. */
export function explained(error: unknown): { says: string; remedy: string | undefined } {
  // A failure of ours: what it repeats was cleaned already.
  if (error instanceof Error && 'remedy' in error) {
    return { says: error.message, remedy: String(error.remedy) }
  }
  const [code, reason] = [codeOf(error), reasonOf(error)]
  const [, remedy] = REMEDIES.find(([says]) => says.test(`${code} ${reason}`)) ?? []
  if (code !== UNAVAILABLE) return { says: reason, remedy }
  // Without a cause it is the library that speaks: "The store did not ...: why. What visitors get."
  const [, why = reason] = (!(error as Error).cause && /: (.*?)\. /.exec(reason)) || []
  return { says: `The store cannot be used: ${why.replace(/\.$/, '')}.`, remedy }
}

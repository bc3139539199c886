/** Explains why something failed and what to do, without showing secrets. */

import { withoutPasswords } from '../../base/redact.ts'
import { percentDecoded } from '../../session/development/foreign-cookies.ts'

/** Names of environment variables whose values must not be shown. */
const PRIVATE_NAME = /secret|key|token|pass|pwd|auth|dsn|url|uri|credential/i

/** A shell's variables for folders, whose names look like passwords. */
const FOLDER = /^(?:OLD)?PWD$/

/** The text without passwords in URLs, and without the values of private environment variables. */
export function withoutSecrets(text: string, environment: NodeJS.ProcessEnv = process.env): string {
  const secrets = Object.entries(environment).flatMap(([name, value = '']) =>
    // Shorter values are words such as "true", which a message may need.
    value.length < 8 || !PRIVATE_NAME.test(name) || FOLDER.test(name)
      ? []
      : [value, ...passwordsIn(value)].map((secret) => ({ name, secret })),
  )
  // The longest first, because one may be the beginning of another.
  secrets.sort((a, b) => b.secret.length - a.secret.length)
  return withoutPasswords(
    secrets.reduce((shown, { name, secret }) => shown.replaceAll(secret, `[${name}]`), text),
  )
}

/** The passwords in a URL, in each encoding in which a client may show them in an error. */
function passwordsIn(value: string): string[] {
  // userinfo = user [":" password] "@";   a "@" in a password should be encoded, but often is not
  const raw = /^[^:]*:\/\/[^:]*:([^]*)@/.exec(value)?.[1] ?? ''
  const url = URL.canParse(value) ? new URL(value) : undefined
  const parameters = [...(url?.searchParams ?? [])].filter(([name]) => PRIVATE_NAME.test(name))
  return [raw, url?.password ?? '', ...parameters.map(([, text]) => text)]
    .flatMap((text) => [text, percentDecoded(text), encodeURIComponent(percentDecoded(text))])
    .filter((text) => text.length > 3)
}

/** An error as one line: the message of a store's client rather than ours. */
export function reasonOf(error: unknown): string {
  const cause = innermost(error)
  if (!(cause instanceof Error)) return withoutSecrets(String(cause))
  const { name, message, code } = cause as NodeJS.ErrnoException
  // The library's own messages contain no secret. They name options such as "secret".
  const says = (name === 'SessionError' ? message : withoutSecrets(message)).split('\n')[0]!
  const isCode = typeof code === 'string' && !code.startsWith('ERR_') && !says.includes(code)
  return isCode ? `${says || 'it failed'} (${withoutSecrets(code)})` : says
}

/** The error that caused an aggregate error or ERR_STORE_UNAVAILABLE. */
function innermost(error: unknown): unknown {
  // A host with several addresses has one error for each.
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0])
  return codeOf(error) === UNAVAILABLE && (error as Error).cause
    ? innermost((error as Error).cause)
    : error
}

/** Compared by code and not by class: the app may have another copy of the library. */
const UNAVAILABLE = 'ERR_STORE_UNAVAILABLE'

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** What to do, by the code of an error or the message of a store's client. */
const REMEDIES: readonly [says: RegExp, remedy: string][] = [
  [/^ERR_UN/, 'Pass the compiled JavaScript, or use Node.js 22.18 or newer.'],
  [/^ERR_SECRET_|^ERR_OPTION_/, 'Pass the variables of the app to the command: --env .env.'],
  [/WRONGPASS|NOAUTH|28P01|28000/, "The app's user name or password for the store is wrong."],
  [/ECONNREFUSED|ENOTFOUND/, "No server listens at the app's address of the store. Start it."],
  [/^ERR_STORE_UNAVAILABLE/, "Start it, or check the app's address and password for it."],
]

/** What failed, as one line, and what to do, if that is known. */
export function explained(error: unknown): { says: string; remedy: string | undefined } {
  // An error of `failure`: secrets were removed already.
  if (error instanceof Error && 'remedy' in error) {
    return { says: error.message, remedy: String(error.remedy) }
  }
  const [code, reason] = [codeOf(error), reasonOf(error)]
  const [, remedy] = REMEDIES.find(([says]) => says.test(`${code} ${reason}`)) ?? []
  if (code !== UNAVAILABLE) return { says: reason, remedy }
  // Without a cause the message is the library's: "The store did not ...: why. What to do."
  const [, why = reason] = (!(error as Error).cause && /: (.*?)\. /.exec(reason)) || []
  return { says: `The store cannot be used: ${why.replace(/\.$/, '')}.`, remedy }
}

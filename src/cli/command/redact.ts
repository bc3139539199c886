/** Tells why something failed, without what must not be shown. */

import { withoutPasswords } from '../../base/redact.ts'

/** Variables whose values are nobody's business. */
const PRIVATE_NAME = /secret|key|token|pass|pwd|auth|dsn|url|uri|credential/i

/** The text without passwords in URLs, and without what private variables of the environment hold. */
export function withoutSecrets(text: string, environment: NodeJS.ProcessEnv = process.env): string {
  const secrets = Object.entries(environment).flatMap(([name, value = '']) =>
    // Shorter ones are words such as "true", and would take the sense out of a message.
    value.length < 8 || !PRIVATE_NAME.test(name)
      ? []
      : [value, ...passwordsIn(value)].map((secret) => ({ name, secret })),
  )
  // The longest first: one may be the beginning of another.
  secrets.sort((a, b) => b.secret.length - a.secret.length)
  let shown = text
  for (const { name, secret } of secrets) shown = shown.replaceAll(secret, `[${name}]`)
  return withoutPasswords(shown)
}

/** The passwords in a URL, in each way that a client may spell them in an error. */
function passwordsIn(value: string): string[] {
  // userinfo = user [":" password] "@";   a "@" in a password should be escaped, but often is not
  const raw = /^[^:]*:\/\/[^:]*:([^]*)@/.exec(value)?.[1] ?? ''
  const url = URL.canParse(value) ? new URL(value) : undefined
  const parameters = [...(url?.searchParams ?? [])].filter(([name]) => PRIVATE_NAME.test(name))
  return [raw, url?.password ?? '', ...parameters.map(([, text]) => text)]
    .flatMap((text) => [text, decoded(text), encodeURIComponent(decoded(text))])
    .filter((text) => text.length > 3)
}

/** The text without percent-encoding, or as it is where that is broken. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
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
  return isUnavailable(error) && error.cause ? innermost(error.cause) : error
}

/** Whether a store did not answer. The app may have a copy of the library, and its class, of its own. */
export function isUnavailable(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STORE_UNAVAILABLE'
}

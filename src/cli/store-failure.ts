/** What to tell of a store that did not do its part: never more than may be shown. */

import { SessionError } from '../base/errors.ts'

/** An error in a sentence. What holds one of the secrets is left out altogether. */
export function failureOf(error: unknown, secrets: readonly string[]): string {
  const cause = innermost(error)
  // What we say ourselves holds no secret, and says what to do.
  if (cause instanceof SessionError) return cause.message
  const { code, message } = factsOf(cause)
  const known = KNOWN[code] ?? REPLIES.find(([pattern]) => pattern.test(message))?.[1]
  if (known) return `The store cannot be used: ${known}.`
  const shown = secrets.some((secret) => message.includes(secret))
    ? `its client's message is not shown, for it holds what is secret in the URL`
    : message.replace(/\.$/, '')
  const kind = code && !secrets.includes(code) && !shown.includes(code) ? ` (${code})` : ''
  return `The store cannot be used: ${shown || 'its client gave no reason'}${kind}.`
}

/** Codes of the system, of PostgreSQL and of its clients. */
const KNOWN: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at that address (ECONNREFUSED)',
  ECONNRESET: 'the connection was cut (ECONNRESET)',
  ENOTFOUND: 'there is no host of that name (ENOTFOUND)',
  EAI_AGAIN: "its host's name could not be looked up (EAI_AGAIN)",
  ETIMEDOUT: 'the connection took too long (ETIMEDOUT)',
  CONNECT_TIMEOUT: 'the connection took too long (CONNECT_TIMEOUT)',
  '28P01': 'the user or the password is wrong (28P01)',
  '28000': 'this user may not connect from here in this way (28000)',
  '3D000': 'there is no database of that name (3D000)',
  '42501': 'this user may not do that (42501)',
}

/** Replies of Redis. */
const REPLIES: readonly (readonly [RegExp, string])[] = [
  [/^WRONGPASS/, 'the user or the password is wrong (WRONGPASS)'],
  [/^NOAUTH/, 'it wants a password, and the URL has none (NOAUTH)'],
  [/^NOPERM/, 'this user may not do that (NOPERM)'],
]

/** The error behind those that only say that there was one. */
function innermost(error: unknown): unknown {
  if (error instanceof SessionError && error.code === 'ERR_STORE_UNAVAILABLE' && error.cause) {
    return innermost(error.cause)
  }
  // A name with several addresses fails once for each.
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0])
  return error
}

function factsOf(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: '', message: '' }
  const code = 'code' in error ? String(error.code ?? '') : ''
  return { code, message: error.message }
}

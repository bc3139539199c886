/** What to tell of a store that did not do its part: never more than may be shown. */

import { SessionError } from '../../base/errors.ts'

/** An error in a sentence. What holds one of the secrets is left out altogether. */
export function failureOf(error: unknown, secrets: readonly string[]): string {
  const cause = innermost(error)
  // What we say ourselves holds no secret, and says what to do.
  if (cause instanceof SessionError) return cause.message
  const { code, message } = factsOf(cause)
  const known = KNOWN.get(code)
  if (known) return `The store cannot be used: ${known} (${code}).`
  const isSecret = (text: string) => secrets.some((secret) => text.includes(secret))
  const shown = isSecret(message)
    ? "its client's message is not shown, for it holds what is secret in the URL"
    : message.replace(/\.$/, '') || 'its client gave no reason'
  const kind = code !== '' && !isSecret(code) && !shown.includes(code) ? ` (${code})` : ''
  return `The store cannot be used: ${shown}${kind}.`
}

/** Codes of the system, of PostgreSQL and of its clients. */
const KNOWN: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nothing listens at that address'],
  ['ECONNRESET', 'the connection was cut'],
  ['ENOTFOUND', 'there is no host of that name'],
  ['EAI_AGAIN', "its host's name could not be looked up"],
  ['ETIMEDOUT', 'the connection took too long'],
  ['CONNECT_TIMEOUT', 'the connection took too long'],
  ['28P01', 'the user or the password is wrong'],
  ['28000', 'this user may not connect from here in this way'],
  ['3D000', 'there is no database of that name'],
  ['42501', 'this user may not do that'],
  ['WRONGPASS', 'the user or the password is wrong'],
  ['NOAUTH', 'it wants a password, and the URL has none'],
  ['NOPERM', 'this user may not do that'],
])

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
  const { code } = error as { code?: unknown }
  // Redis says it with the first word.
  const [reply = ''] = /^[A-Z]{4,}(?= )/.exec(error.message) ?? []
  return { code: typeof code === 'string' ? code : reply, message: error.message }
}

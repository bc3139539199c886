/** The errors of a failed store: the client's message, unless it quotes stored data. */

import { withCause, SessionError } from '../../base/errors.ts'
import { isError } from '../../base/realm.ts'
import { withoutPasswords } from '../../base/redact.ts'

/** The errors of calls that were refused before they were sent. */
const notSentErrors = new WeakSet<object>()

/** The error of a call that was not sent. */
export function notSent(verb: string, why: string): SessionError {
  const error = unavailable(verb, why)
  notSentErrors.add(error)
  return error
}

/** Whether the call was refused before it was sent. */
export function isNotSent(error: unknown): boolean {
  return error instanceof SessionError && notSentErrors.has(error)
}

/** Whether the call may have been executed after all. */
export function isUnknown(error: unknown): boolean {
  const isUnavailable = error instanceof SessionError && error.code === 'ERR_STORE_UNAVAILABLE'
  return isUnavailable && !notSentErrors.has(error)
}

/** The error for the caller: a client's becomes the cause of ERR_STORE_UNAVAILABLE. */
export function refusal(verb: string, error: unknown, sent: unknown): unknown {
  if (error instanceof SessionError) return error
  const cause = bareCause(error, sent)
  const why = `it answered with an error${errorCode(cause)}`
  return withCause(unavailable(verb, why), cause)
}

/**
 * A client's code for its error, in parentheses: `ECONNREFUSED`, an SQLSTATE, or the first word of
 * what Redis says, such as `NOPERM`. Logs often lack the cause.
 */
function errorCode(cause: (Error & { code?: unknown }) | undefined): string {
  const code = cause?.code ?? /^[A-Z]{2,20}(?= )/.exec(cause?.message ?? '')?.[0]
  return typeof code === 'string' && /^\w{2,40}$/.test(code) ? ` (${code})` : ''
}

/** A client's error without its other members, such as the command with the whole session. */
function bareCause(error: unknown, sent: unknown): Error | undefined {
  if (!isError(error)) return undefined
  // The app's Error.prepareStackTrace may return something other than text.
  const message = showable(String(error.message), sent)
  const stack: unknown = error.stack
  const frames = (typeof stack === 'string' ? stack : '')
    .split('\n')
    .filter((line) => /^ +at /.test(line))
  const bare = Object.assign(new Error(message), { name: error.name })
  bare.stack = [`${error.name}: ${message}`, ...frames].join('\n')
  const code = 'code' in error ? error.code : undefined
  return typeof code === 'string' || typeof code === 'number' ? Object.assign(bare, { code }) : bare
}

/** The longest message that is shown: longer ones may quote data. */
const LONGEST_MESSAGE = 500

/** A client's message without the password of its address; replaced if it quotes the row. */
function showable(message: string, sent: unknown): string {
  const text = message.slice(0, LONGEST_MESSAGE)
  // The search is limited, because in an outage every call fails.
  const quoted = JSON.stringify(sent ?? null).slice(0, 65_536)
  const plain = JSON.stringify(text).slice(1, -1)
  for (let at = 0; at + 12 <= plain.length; at += 4) {
    if (quoted.includes(plain.slice(at, at + 12))) {
      return 'Its message is not shown, because it quotes the data.'
    }
  }
  return withoutPasswords(text)
}

/** The store did not answer in time. */
export function tooLate(verb: string, limit: number): SessionError {
  return unavailable(verb, `there was no answer within ${limit} ms`)
}

/** The store cannot be used. */
export function unavailable(verb: string, why: string): SessionError {
  return new SessionError('ERR_STORE_UNAVAILABLE', verb, why)
}

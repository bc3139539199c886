/** `SessionError`, and the code and message of every error. */

import { speakDialects } from './error-response.ts'
import { printable } from './printable.ts'

/** Each code with its message: what happened, and what to do. Codes are stable; messages may change. */
const CATALOGUE = {
  ERR_OPTION_INVALID: (option: string, why: string) => `The option "${option}" ${why}.`,
  ERR_SECRET_MISSING: (where: string, hint: string) =>
    `No secret: "${where}" is empty or undefined. ${hint}`,
  ERR_SECRET_WEAK: (where: string, why: string) =>
    `The secret in "${where}" ${why}. Make one with \`npx sojourn secret\`.`,
  ERR_VALUE_UNSUPPORTED: (key: string, why: string) =>
    `The value for "${key}" cannot be stored in a session: ${why}.`,
  ERR_VALUE_INVALID: (key: string, why: string) =>
    `The schema refuses the value for "${key}": ${why}. Its own messages are in error.issues and may quote the value.`,
  ERR_DATA_INVALID: (what: string, why: string) =>
    `The stored data "${what}" is invalid: ${why}. Convert what an older version of the app wrote with the option migrate.`,
  ERR_SCHEMA_ASYNC: (what: string) =>
    `${what} returned a promise. It has to be synchronous: await first, then call set(). zod returns one, too, for a check that throws.`,
  ERR_UPDATE_ASYNC: (key: string) =>
    `The function given to update("${key}") returned a promise. It may run more than once, so it has to be synchronous: await first, then call update().`,
  ERR_UPDATE_UNDEFINED: (key: string) =>
    `The function given to update("${key}") returned undefined. Return the new value, also after changing the old one in place. To delete the key, return REMOVE, which this package exports.`,
  ERR_USER_ID_INVALID: (call: string, kind: string) =>
    `${call}() was given ${kind}. Pass the user's id, a non-empty string or an integer.`,
  ERR_NOT_SIGNED_IN: () => 'The visitor is not signed in. Redirect to the sign-in page.',
  ERR_LOGIN_STALE: () =>
    'The last login is too long ago for this page. Ask for the password again (re-authentication), then call login().',
  ERR_CSRF: () =>
    'CSRF check failed: the request may come from another site. Send session.csrfToken() as the form field _csrf or the header x-csrf-token.',
  ERR_CSRF_UNSUPPORTED: () =>
    "Sessions in the format of another library, such as Flask's, have no field from which a CSRF token can be derived. Use that library's own token; without one, checkCsrf() still checks Sec-Fetch-Site and Origin.",
  ERR_SESSION_NOT_MOUNTED: (hint: string) => `This request has no session. ${hint}`,
  ERR_SESSION_COMMITTED: (verb: string) =>
    `session.${verb} came too late: the response headers are sent. Change the session before you send the response.`,
  ERR_SESSION_READ_ONLY: (what: string, why: string) =>
    `${what} cannot be saved. This session is read-only: ${why}. Change it where a cookie can be set.`,
  ERR_RESPONSE_INVALID: (kind: string) =>
    `The handler returned ${kind} and not a Response. Return a Response; where a router returns other values, turn them into one first.`,
  ERR_SESSION_PROPERTY: (name: string, instead: string) =>
    `session.${name} is not saved. ${instead}.`,
  ERR_COOKIE_TOO_LARGE: (size: number, limit: number, keys: string) =>
    `The session cookie would be ${size} bytes; the limit is ${limit}. Largest keys: ${keys}. Store less in the session, or use a store.`,
  ERR_SESSION_TOO_LARGE: (size: number, limit: number, keys: string) =>
    `The session would be ${size} bytes; the limit is ${limit}. Largest keys: ${keys}. Save large values in your own database, and their id in the session.`,
  ERR_SESSION_GONE: () =>
    'A concurrent request ended the session (logout, login or revocation). No change of this request was saved. Let the visitor try again.',
  ERR_SESSION_CONFLICT: () =>
    'Concurrent requests kept changing this session until the commit deadline. No change of this request was saved. Let the visitor try again.',
  ERR_SESSION_LIMIT: (most: number) =>
    `This user already has ${most} sessions, the limit of maxSessionsPerUser. Revoke one first, or set onLimit: 'evict-oldest'.`,
  ERR_LISTENER_LIMIT: (most: number) =>
    `sessions.onEnded() already has ${most} listeners in this process. Call the function that it returns when the socket closes.`,
  ERR_STORE_UNAVAILABLE: (verb: string, why: string) =>
    `The store did not ${verb}: ${why}. Try again shortly. No visitor was made anonymous by it.`,
  ERR_STORE_SCHEMA: (engine: string, found: string) =>
    `The tables for sessions in ${engine} ${found}. Call \`await store.createSchema()\` once per deployment, or run the SQL that \`npx sojourn schema\` prints. Tables created by a newer release need that release.`,
} as const

type Catalogue = typeof CATALOGUE

/** The code of an error. Stable: compare `error.code`, never the message. */
export type SessionErrorCode = keyof Catalogue

/** The HTTP status of each code. The default is 500. */
const STATUS: Partial<Record<SessionErrorCode, number>> = {
  ERR_NOT_SIGNED_IN: 401,
  ERR_LOGIN_STALE: 401,
  ERR_CSRF: 403,
  ERR_SESSION_LIMIT: 403,
  ERR_SESSION_GONE: 409,
  ERR_SESSION_CONFLICT: 503,
  // The browser asks again, for good, when the visitor opens the page that it prefetched.
  ERR_SESSION_READ_ONLY: 503,
  ERR_STORE_UNAVAILABLE: 503,
}

/** How many bytes a key of a session takes. */
export interface KeySize {
  /** The key, escaped and cut to 100 characters; or `flash messages`. */
  key: string
  /** The size of its value as text, in bytes of UTF-8. */
  bytes: number
}

/** What a schema says of an invalid value: an issue of the Standard Schema specification. */
export interface SchemaIssue {
  /** What is wrong, in the words of the schema. It may quote the value. */
  readonly message: string
  /** Where in the value: keys from the outside in. @default undefined: the value itself */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** Not a property of the error: printing one shows those that are not enumerable, too. */
const ISSUES = new WeakMap<SessionError, readonly SchemaIssue[]>()

/** Registered: every copy of this module recognizes the errors of the others. */
const BRAND = Symbol.for('sojourn.error')

/**
 * The class of all errors of this library. Tell errors apart by `code`.
 *
 * The message says what happened and what to do. It never contains a secret, a session id or a value;
 * `cause` is the error underneath, if there is one. While NODE_ENV is `development` its last line names
 * the page on its code.
 *
 * @example
 * import { SessionError } from 'sojourn'
 * try {
 *   await session.commit()
 * } catch (error) {
 *   if (!(error instanceof SessionError) || error.code !== 'ERR_COOKIE_TOO_LARGE') throw error
 *   console.warn('too large:', error.largest)
 * }
 */
export class SessionError<Code extends SessionErrorCode = SessionErrorCode> extends Error {
  /** What went wrong, such as `ERR_CSRF`. Stable. */
  readonly code: Code
  /** The HTTP status for an error that is not caught: Express and others read it. */
  readonly status: number
  /** The same as `status`: Fastify reads this name. */
  readonly statusCode: number
  /** Response headers for an error that is not caught: Express and Koa send them. */
  declare readonly headers: Record<string, string> | undefined
  /** Whether `message` is for visitors: Koa and NestJS read this name. Never: it is for developers. */
  declare readonly expose: false
  /** The status in words, as `Unauthorized`; unless it is 500. */
  declare readonly statusText: string | undefined
  /** What a visitor may read; unless the status is 500. */
  declare readonly data: string | undefined
  /** The response for an error that is not caught; unless the status is 500. Hono calls it. */
  declare readonly getResponse: (() => Response) | undefined
  /** The same as `getResponse`: Elysia calls it. */
  declare readonly toResponse: (() => Response) | undefined
  /** The largest keys of a session that is too large, the largest first. */
  declare readonly largest: readonly KeySize[] | undefined

  readonly #evidence: Parameters<Catalogue[Code]>

  /** True for the errors of another copy of this package in the process, too. */
  static override [Symbol.hasInstance](value: unknown): value is SessionError {
    if (this !== SessionError) return Function.prototype[Symbol.hasInstance].call(this, value)
    return typeof value === 'object' && value !== null && BRAND in value
  }

  /**
   * What the schema says of an invalid value; `undefined` for other errors. It may quote the value, so
   * it is shown nowhere when the error is printed: do not log it.
   */
  get issues(): readonly SchemaIssue[] | undefined {
    return ISSUES.get(this)
  }

  constructor(code: Code, ...evidence: Parameters<Catalogue[Code]>) {
    const message = CATALOGUE[code] as (...parts: Parameters<Catalogue[Code]>) => string
    // A key may come from a request, and the message may be logged.
    super(printable(message(...(evidence.map(shortened) as typeof evidence))) + lastLine(code))
    this.name = 'SessionError'
    this.code = code
    this.status = this.statusCode = STATUS[code] ?? 500
    const headers = headersFor(this.status)
    // Not set to undefined: Node.js prints every property of an error that ends the process.
    if (headers) this.headers = headers
    this.#evidence = evidence
    speakDialects(this)
  }

  /** A copy with one more response header: this error may have been given to other requests too. */
  withHeader(name: string, value: string): SessionError<Code> {
    const copy = withCause(new SessionError(this.code, ...this.#evidence), this.cause)
    const headers = { ...this.headers, [name]: value }
    return Object.assign(copy, { headers }, this.largest && { largest: this.largest })
  }
}

// On the prototype: it is not shown when an error is printed.
Object.defineProperties(SessionError.prototype, {
  [BRAND]: { value: true },
  expose: { value: false },
})

/** In characters. A key may be of any length. */
const LONGEST_EVIDENCE = 600

function shortened(part: unknown): unknown {
  const isLong = typeof part === 'string' && part.length > LONGEST_EVIDENCE
  return isLong ? `${part.slice(0, LONGEST_EVIDENCE)}…` : part
}

/** What begins the last line of a message in development: the page on the errors, as it is in an app. */
export const PAGE = '\nMore: node_modules/sojourn/docs/errors.md#'

/** Names the page on a code, in development. Bundlers that know NODE_ENV leave it out. */
function lastLine(code: string): string {
  return process.env.NODE_ENV === 'development' ? PAGE + code.toLowerCase() : ''
}

/** The message of an error without that line, for a list of findings. */
export function sentenceOf({ message }: Error): string {
  return message.split('\n', 1)[0]!
}

/** No cache may store the response. Retry-After is spread over five seconds, so that not all clients retry at once. */
function headersFor(status: number): Record<string, string> | undefined {
  if (status === 500) return undefined
  const headers: Record<string, string> = { 'cache-control': 'no-store', vary: 'Cookie' }
  if (status === 503) headers['retry-after'] = String(1 + (Math.floor(performance.now()) % 5))
  return headers
}

/** The code of an error, for events. */
export function codeOf(error: unknown): SessionErrorCode | 'UNKNOWN' {
  return error instanceof SessionError ? error.code : 'UNKNOWN'
}

/** Sets the `cause` of an error, and returns the error. */
export function withCause<Reason extends SessionError>(error: Reason, cause: unknown): Reason {
  // Not enumerable, as of other errors: a log as JSON would show the address of the store.
  Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true })
  return error
}

/** Sets the `issues` of an error, and returns the error. */
export function withIssues<Reason extends SessionError>(
  error: Reason,
  issues: readonly SchemaIssue[],
): Reason {
  ISSUES.set(error, issues)
  return error
}

/** Every code with its status, and its message with placeholders such as `<option>`, for `docs/errors.md`. */
export function errorCatalogue(): { code: SessionErrorCode; status: number; message: string }[] {
  return Object.entries(CATALOGUE).map(([code, message]) => {
    const names = /^\(([^)]*)\)/.exec(message.toString())?.[1]?.split(',') ?? []
    const placeholders = names.map((name) => `<${name.trim().split(':')[0]}>`)
    return {
      code: code as SessionErrorCode,
      status: STATUS[code as SessionErrorCode] ?? 500,
      message: (message as (...parts: string[]) => string)(...placeholders),
    }
  })
}

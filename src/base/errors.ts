/** The one error class and the catalogue of its codes. */

import { printable } from './printable.ts'

/** Everything that can go wrong, and what to do then. Codes are stable; messages are not. */
const CATALOGUE = {
  ERR_OPTION_INVALID: (option: string, why: string) => `The option "${option}" ${why}.`,
  ERR_SECRET_MISSING: (where: string, hint: string) =>
    `No secret: "${where}" is empty or undefined, and without one anybody could write their own session. ${hint}`,
  ERR_SECRET_WEAK: (where: string, why: string) =>
    `The secret in ${where} ${why}. Run \`npx sojourn secret\` and use what it prints.`,
  ERR_VALUE_UNSUPPORTED: (key: string, why: string) =>
    `The value for "${key}" cannot be kept in a session: ${why}.`,
  ERR_UPDATE_ASYNC: (key: string) =>
    `The function given to update("${key}") returned a promise. It may run again on newer data, so it has to be synchronous: await first, then update.`,
  ERR_USER_ID_INVALID: (kind: string) =>
    `login() was given ${kind}. Pass the user's id, a non-empty string or an integer.`,
  ERR_NOT_SIGNED_IN: () => 'Nobody is signed in. Send the visitor to the sign-in page.',
  ERR_LOGIN_STALE: () =>
    'The visitor is signed in, but signed in too long ago for this page. Let them sign in again: call login() once their password was checked.',
  ERR_CSRF: () =>
    'This request may come from another site: neither its headers nor a token say that it is your own. Send the token of session.csrfToken() with the form, as _csrf, or in the header x-csrf-token.',
  ERR_CSRF_UNSUPPORTED: () =>
    "Flask's cookie has no place for what a token is derived from. checkCsrf() protects by Sec-Fetch-Site and Origin without one; or share Flask-WTF's own token.",
  ERR_SESSION_NOT_MOUNTED: (hint: string) => `This request has no session. ${hint}`,
  ERR_SESSION_COMMITTED: (verb: string) =>
    `${verb} came after the response's headers had left, so it could not be kept. Change the session before you send.`,
  ERR_SESSION_READ_ONLY: (what: string, why: string) =>
    `${what} cannot be saved. This session is read-only: ${why}. Change it where a cookie can be set.`,
  ERR_RESPONSE_INVALID: (kind: string) =>
    `The handler returned ${kind} and not a Response. Turn it into a Response first.`,
  ERR_SESSION_PROPERTY: (name: string) =>
    `A session keeps values by key, not as properties. Write session.set("${name}", value).`,
  ERR_COOKIE_TOO_LARGE: (size: number, limit: number, keys: string) =>
    `The session cookie would have ${size} bytes, and ${limit} is the most it can have. Largest keys: ${keys}. Keep less, or keep the session in a store.`,
  ERR_SESSION_TOO_LARGE: (size: number, limit: number, keys: string) =>
    `The session would have ${size} bytes, and ${limit} is the most a store keeps. Largest keys: ${keys}. Keep large things in a database of your own, and their id in the session.`,
  ERR_SESSION_GONE: () =>
    'The session ended while this request was under way (a logout, a login or a revocation elsewhere), so its changes were not kept. Let the visitor try again.',
  ERR_SESSION_CONFLICT: () =>
    'Other requests kept changing this session until the time for saving it was over. Nothing of this request was kept. Let the visitor try again.',
  ERR_SESSION_LIMIT: (most: number) =>
    `This user already has ${most} sessions, and maxSessionsPerUser allows no more. End one of them first, or choose onLimit: 'evict-oldest'.`,
  ERR_STORE_UNAVAILABLE: (verb: string, why: string) =>
    `The store did not ${verb}: ${why}. Whether the visitor is signed in is not known, so nobody was treated as new. Try again shortly.`,
  ERR_STORE_SCHEMA: (engine: string, found: string) =>
    `The tables for sessions in ${engine} ${found}. Call \`await store.createSchema()\` once when you deploy, or run what \`npx sojourn schema\` prints; tables of a newer release need that release.`,
} as const

type Catalogue = typeof CATALOGUE

/** A stable name for what went wrong. */
export type SessionErrorCode = keyof Catalogue

/** What a web adapter answers when the error reaches it. Everything not named here is a 500. */
const STATUS: Partial<Record<SessionErrorCode, number>> = {
  ERR_NOT_SIGNED_IN: 401,
  ERR_LOGIN_STALE: 401,
  ERR_CSRF: 403,
  ERR_SESSION_LIMIT: 403,
  ERR_SESSION_GONE: 409,
  ERR_SESSION_CONFLICT: 503,
  ERR_STORE_UNAVAILABLE: 503,
}

/**
 * Any error of this library. Tell errors apart by `code`.
 *
 * The message says what happened and what to do; it never contains a secret, an id or a value.
 */
export class SessionError<Code extends SessionErrorCode = SessionErrorCode> extends Error {
  readonly code: Code
  /** The HTTP status that fits: Express and others read it when the error is not caught. */
  readonly status: number
  /** The same as `status`, for frameworks that read this name. */
  readonly statusCode: number
  /** Response headers that go with it: Express and Koa send those of an error nobody caught. */
  readonly headers: Record<string, string> | undefined

  constructor(code: Code, ...evidence: Parameters<Catalogue[Code]>) {
    const message = CATALOGUE[code] as (...parts: Parameters<Catalogue[Code]>) => string
    // A key may be a stranger's words, and a message ends up in a log.
    super(printable(message(...(evidence.map(shortened) as typeof evidence))))
    this.name = 'SessionError'
    this.code = code
    this.status = this.statusCode = STATUS[code] ?? 500
    this.headers = headersFor(this.status)
  }
}

/** A key may be of any length. */
const LONGEST_EVIDENCE = 600

function shortened(part: unknown): unknown {
  const isLong = typeof part === 'string' && part.length > LONGEST_EVIDENCE
  return isLong ? `${part.slice(0, LONGEST_EVIDENCE)}…` : part
}

/** No cache may keep the answer; and who comes back to a busy server does not come all at once. */
function headersFor(status: number): Record<string, string> | undefined {
  if (status === 500) return undefined
  const headers: Record<string, string> = { 'cache-control': 'no-store', vary: 'Cookie' }
  if (status === 503) headers['retry-after'] = String(1 + (Math.floor(performance.now()) % 5))
  return headers
}

/** Gives an error one more response header, and returns it. */
export function alsoSending(error: SessionError, name: string, value: string): SessionError {
  Object.assign(error, { headers: { ...error.headers, [name]: value } })
  return error
}

/** Gives an error the reason it happened, and returns it. */
export function because<Reason extends SessionError>(error: Reason, cause: unknown): Reason {
  error.cause = cause
  return error
}

/** Every code, with its message for placeholders: what `docs/errors.md` is written from. */
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

/** The error response that is sent when a session could not be opened or saved. */

import { SessionError, type SessionErrorCode } from '../../base/errors.ts'

/** An error response. It does not contain the error's message, which may quote the store. */
export interface Refusal {
  status: number
  headers: Readonly<Record<string, string>>
  /** The Set-Cookie line that clears the cookie, for a logout that the store did not confirm. */
  setCookie: string | undefined
  body: string
}

/** The response for an error of a commit, or for one of opening that the app did not catch. */
export function refusalOf(error: unknown): Refusal {
  const ours = error instanceof SessionError ? error : undefined
  const { 'set-cookie': setCookie, ...headers } = ours?.headers ?? {}
  return {
    status: ours?.status ?? 500,
    headers: { ...HEADERS, ...headers },
    setCookie,
    body: (ours && BODIES[ours.code as SessionErrorCode]) ?? TRY_AGAIN,
  }
}

/** The response for an error of the app that nobody handled. */
export const HANDLER_FAILED: Refusal = {
  status: 500,
  headers: {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
  },
  setCookie: undefined,
  body: 'Something went wrong. Please try again.\n',
}

/** Whether the adapter responds to an error that a handler threw: one of ours, and not a 500. */
export function isAnswerable(error: unknown): boolean {
  return error instanceof SessionError && error.status !== 500
}

/** Whether it is the refusal of a guard: the page must not be served, whatever the app does. */
export function isGuardRefusal(error: unknown): boolean {
  return error instanceof SessionError && (error.status === 401 || error.code === 'ERR_CSRF')
}

const TRY_AGAIN = 'Your session could not be saved. Please try again.\n'

const BODIES: Partial<Record<SessionErrorCode, string>> = {
  ERR_NOT_SIGNED_IN: 'Please sign in first.\n',
  ERR_CSRF: 'This did not come from a page of this site. Please reload the page and try again.\n',
  ERR_SESSION_LIMIT: 'You are signed in too often. Please sign out somewhere else first.\n',
}

const HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/plain; charset=utf-8',
  'cache-control': 'no-store',
  vary: 'Cookie',
}

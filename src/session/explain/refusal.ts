/** The fixed answer that takes a response's place when its session could not be opened or kept. */

import { SessionError, type SessionErrorCode } from '../../base/errors.ts'

/** A response that says nothing of the error itself (it may quote a store's own words). */
export interface Refusal {
  status: number
  headers: Readonly<Record<string, string>>
  /** The clearing cookie of a logout that the store did not confirm. */
  setCookie: string | undefined
  body: string
}

/** The answer to an error of a commit, or of an opening that nobody caught. */
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

/** Whether an error that a handler threw is ours to answer: one whose status says what to do. */
export function isAnswerable(error: unknown): boolean {
  return error instanceof SessionError && error.status !== 500
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

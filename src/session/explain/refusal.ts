/** The error response that is sent when a session could not be opened or saved. */

import { visitorText } from '../../base/error-response.ts'
import { SessionError } from '../../base/errors.ts'

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
    body: visitorText(ours?.code),
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

const HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/plain; charset=utf-8',
  'cache-control': 'no-store',
  vary: 'Cookie',
}

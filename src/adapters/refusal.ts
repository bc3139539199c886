/** The fixed answer that takes a response's place when its session could not be kept. */

import { SessionError } from '../base/errors.ts'

/** What the visitor gets: nothing of the error itself (it may quote a store's own words). */
export const REFUSAL_BODY = 'Your session could not be saved. Please try again.\n'

/** Headers of the answer. */
export const REFUSAL_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/plain; charset=utf-8',
  'cache-control': 'no-store',
  vary: 'Cookie',
}

/** The status of the answer. */
export function refusalStatus(error: unknown): number {
  return error instanceof SessionError ? error.status : 500
}

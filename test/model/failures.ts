/** What a commit that failed says, and what may have come of it. */

import type { Opened } from '../../src/backends/backend.ts'
import type { Attempt } from './facts.ts'
import type { Browser, World } from './world.ts'

/** What an updater throws that finds no token. */
export const SPENT = 'the token is spent already'

/** A commit has failed: tells the oracle what that means. */
export function failed(
  { oracle, network, settings }: World,
  attempt: Attempt,
  opened: Opened,
  error: unknown,
  browser: Browser,
): void {
  const code = codeOf(error)
  const headers = error instanceof Error && 'headers' in error ? error.headers : undefined
  const line = (headers as Record<string, string> | undefined)?.['set-cookie']
  if (line !== undefined) {
    if (!attempt.logsOut || valueOf(line) !== '') oracle.fail(`a failed commit set ${line}`)
    browser.arriving.push('')
  } else if (attempt.logsOut && opened.record && code === 'ERR_STORE_UNAVAILABLE') {
    oracle.fail(`${attempt.name}: a logout that was not confirmed left the cookie`)
  }
  if (attempt.logsOut && attempt.selector !== undefined) oracle.removing.add(attempt.selector)
  const isSpent = error instanceof Error && error.message === SPENT
  const isDefinite = isSpent || code === 'ERR_SESSION_GONE' || code === 'ERR_SESSION_CONFLICT'
  // A login's row is written before it is refused; it is removed then, and opens for nobody.
  const why = isSpent ? 'spent' : code === 'ERR_SESSION_GONE' ? 'gone' : 'conflict'
  if (isDefinite && !attempt.logsIn) oracle.refused(attempt, why)
  if (attempt.logsIn) oracle.loginRefused(attempt, code)
  if (attempt.logsOut && attempt.items.length === 0 && isForFull(error, settings)) {
    oracle.fail(`full: ${attempt.name} could not log out: ${String(error)}`)
  }
  if (isDefinite || code === 'ERR_STORE_UNAVAILABLE' || code === 'ERR_SESSION_LIMIT') return
  oracle.fail(`${attempt.name} at ${network.now()}: ${String(error)}`)
}

/** Whether a call failed because the store refused it: nothing but a lack of room is a reason. */
export function isForFull(error: unknown, { faults }: World['settings']): boolean {
  return faults === 0 && String(error).includes('it answered with an error')
}

/** The code of one of the library's errors. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

/** The value of a Set-Cookie line; empty where it clears the cookie. */
export function valueOf(line: string): string {
  return line.slice(line.indexOf('=') + 1, line.indexOf(';'))
}

/** The development warnings: one line for each common mistake, once per `createSessions`. */

import { cookieWarnings } from './cookie-warnings.ts'
import { sessionWarnings } from './session-warnings.ts'
import { lossWarnings } from './loss-warnings.ts'
import { startWarnings } from './start-warnings.ts'
import { warnOnce } from './warn.ts'
import { watcher } from './watched.ts'

/**
 * What only development needs. The rest of `session/` reaches it through one value, which is
 * `undefined` in production: there nothing of this folder runs, or is in an app's bundle.
 */
export type Development = ReturnType<typeof developmentWarnings>

/** Makes the warnings of one `createSessions`. `startedAt`: now, in milliseconds since 1970. */
export function developmentWarnings(startedAt: number, cookieName: () => string) {
  const warn = warnOnce(cookieName)
  return {
    warn,
    ...startWarnings(warn),
    ...cookieWarnings(warn, startedAt),
    ...sessionWarnings(warn),
    ...lossWarnings(warn),
    ...watcher(warn),
  }
}

/** The sessions that every host of the benchmarks has, in a signed cookie. */

import { createSessions, type Sessions } from 'sojourn'

export const SECRET = 'kZ3bq0Wm9yN7uV1tR5xP8cL2aE6dG4hJ-oF_iSwQzXY'

export function cookieSessions(): Sessions<any> {
  return createSessions<any>({ secret: SECRET, cookie: { name: 'session', secure: false } })
}

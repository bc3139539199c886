/** A request that another origin of the same site may have sent: only a token lets it pass. */

import type { Sessions } from '../../src/index.ts'
import type { GivenToken } from '../../src/session/csrf/csrf.ts'

/** What `checkCsrf` makes of a POST with this cookie and token: `passes`, or the error's code. */
export async function neighbourPosts(
  sessions: Sessions<any>,
  cookie: string | undefined,
  token: GivenToken,
): Promise<string> {
  const carrier = {}
  const headers: Record<string, string> = { 'sec-fetch-site': 'same-site' }
  sessions.mount([carrier], { method: 'POST', cookie, header: (name) => headers[name] })
  return sessions.checkCsrf(carrier, token).then(
    () => 'passes',
    (error: { code: string }) => error.code,
  )
}

/** Refuses what cannot work in Next, at start-up. */

import { invalid } from '../../base/options.ts'
import type { Sessions } from '../../session/sessions.ts'

/** @throws ERR_OPTION_INVALID for `memoryStore`: visitors would be signed in on some pages only. */
export function refuseMemoryStore(sessions: Sessions<any>, caller: string): void {
  if (sessions.describePolicy().backend !== 'memory') return
  throw invalid(
    'store',
    `of ${caller}() must not be memoryStore(), even in development: Next loads your module once for its pages, once for route handlers and once for the proxy, and each would have different sessions. Use sqliteStore(), redisStore() or postgresStore(), or no store: the session is then in the cookie`,
  )
}

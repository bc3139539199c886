/** A former side in one request: its cookie, its session, and the Set-Cookie lines it needs. */

import type { Committed, Opened } from '../../backends/backend.ts'
import type { Side } from './side.ts'

/** A former side in one request: the values of its cookie, and its session once that is opened. */
export interface Former {
  readonly side: Side
  readonly values: readonly string[]
  opened: Opened | undefined
  /** Whether its user's sessions were revoked on our side. */
  isRevoked?: boolean
  /** Whether ending or writing it has failed. */
  hasFailed?: boolean
  /** Its Set-Cookie lines. */
  lines?: readonly string[]
}

/** Notes the outcome of a commit on a former side, for the response and for a second commit. */
export function keep(former: Former, { opened, setCookie, also = [] }: Committed): void {
  former.opened = opened
  if (setCookie === undefined) return
  // Both cookies are the same one in the browser: expiring the former would expire ours.
  former.lines = former.side.isReplaced ? also : [...also, setCookie]
}

/** The format of a cookie of the cookie backend, and the times that its sessions are measured by. */

import type { Sealer } from '../crypto/sealer.ts'
import type { Times } from '../record/lifetime.ts'
import {
  authenticatedAtOf,
  isPermanent,
  type Layout,
  type SessionRecord,
} from '../record/record.ts'

/** The format of a cookie, and the rules that differ between our own preset and Flask's. */
export interface CookieFormat {
  readonly layout: Layout
  readonly sealer: Sealer
  /**
   * Which of several cookies to use: the newest that verifies; with 'first' only if the first one
   * sent verifies, which is the one that Flask reads.
   */
  readonly duplicates: 'newest' | 'first'
  /** Whether to clear the cookie even of a visitor who sent none, as Flask does. */
  readonly clearsUnasked: boolean
  /** Whether a cookie of a previous secret is rewritten under the current secret. */
  readonly resignsOldKeys: boolean
  /**
   * The most bytes of a cookie, and which part of its line is counted. Infinity: no limit. `renewed`:
   * the most of one that is only renewed, if the app has lowered the limit.
   */
  readonly limit: { bytes: number; renewed?: number; of: 'name-and-value' | 'line' }
}

/** The longest value that is read or written, in characters. Browsers store at most 4096 bytes. */
export const MAX_VALUE_LENGTH = 65_536

/** The times that a lifetime is counted from. `seen`: when the cookie was signed. */
export function timesOf(record: SessionRecord, seen: number, layout: Layout): Times {
  return {
    seen,
    permanent: isPermanent(record, layout),
    created: record.stamp.created,
    authenticatedAt: authenticatedAtOf(record, layout),
  }
}

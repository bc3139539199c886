/** Who is told of everything that happens in the store of the model: the oracle. */

import type { Row } from '../../src/backends/stored/store.ts'

/** What is told of everything that happens in the store. */
export interface Watcher {
  /** A row changed. `by` is the call that did it. */
  changed(key: string, before: Row | null, after: Row | null, by: string): void
  /** A key was not admitted, as one of a session that was revoked. */
  refused(key: string): void
  /** A failover, or an eviction, lost what an owner's list knew; `epoch` is the one that is left. */
  lost(owner: string, epoch: number): void
  /** A session in use brought back an epoch that was lost. */
  healed(owner: string, epoch: number): void
  /** A failover brought back an earlier state of these rows. */
  fellBack(keys: readonly string[]): void
  /** A row was removed without a tombstone: the store was full. */
  bared(key: string): void
}

/** Reports the settings of a store that can lose sessions, once per store. */

import type { BackendStore } from '../backends/store-backend.ts'
import type { Host } from './state.ts'

/** The pause after a failed check, so that during an outage not every request makes another call. */
const RETRY_AFTER_MS = 10_000

/** The state of a store's inspection. */
interface Inspection {
  /** When the store may be checked next: `Infinity` during a check, and after a successful one. */
  nextAt: number
}

const inspections = new WeakMap<BackendStore, Inspection>()

/**
 * Checks the store's settings at the first request; if that fails, again at later ones. A store is
 * checked once, even if several `createSessions` use it. Findings do not fail the request.
 */
export function storeInspection(host: Host): () => void {
  const { store, stored, engine, emit, clock, development } = host
  if (!store || !stored) return () => {}
  const inspection = inspections.get(store) ?? { nextAt: 0 }
  inspections.set(store, inspection)
  const inspect = async () => {
    inspection.nextAt = Infinity
    try {
      for (const finding of await stored.check()) {
        emit({ type: 'store-finding', finding })
        development?.warn(finding, `${engine}: ${finding}`)
      }
    } catch {
      // If the store is unavailable, the request that needs it gets the error.
      inspection.nextAt = clock() + RETRY_AFTER_MS
    }
  }
  return () => {
    if (inspection.nextAt < Infinity && clock() >= inspection.nextAt) void inspect()
  }
}

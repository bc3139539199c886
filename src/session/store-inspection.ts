/** Reports the settings of a store that can lose sessions, once per store. */

import type { BackendStore } from '../backends/store-backend.ts'
import type { Host } from './state.ts'

/** The pause after a failed check, so that an outage does not add a call to each request. */
const RETRY_AFTER_MS = 10_000

/** The inspection of a store. */
interface Inspection {
  /** When the store may be checked: `Infinity` while it is, and once it was. */
  nextAt: number
}

const inspections = new WeakMap<BackendStore, Inspection>()

/**
 * Checks the store's settings at the first request, and until it succeeds at later ones; once, even
 * if several `createSessions` use the store. Findings do not fail the request.
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

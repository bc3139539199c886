/** Reports the settings of a store that can lose sessions, at the first request. */

import type { Host } from './state.ts'

/** Checks the store's settings once, at the first request. Findings do not fail the request. */
export function storeInspection({ stored, engine, emit, development }: Host): () => void {
  let isDone = !stored
  async function inspect(): Promise<void> {
    for (const finding of (await stored?.check()) ?? []) {
      emit({ type: 'store-finding', finding })
      development?.warn(finding, `${engine}: ${finding}`)
    }
  }
  return () => {
    if (isDone) return
    isDone = true
    // If the store is unavailable, the request that needs it gets the error.
    void inspect().catch(() => {})
  }
}

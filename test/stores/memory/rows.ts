/** Rows for the tests of the memory store. */

import type { Row, SessionStore } from '../../../src/backends/stored/store.ts'

export const HOUR = 3_600_000
export const START = Date.UTC(2026, 0, 1)

export function row(parts: Partial<Row> = {}): Row {
  return { write: 'w', recent: [], expiresAt: START + HOUR, owner: null, body: 'x', ...parts }
}

export async function keysOf(store: SessionStore): Promise<string[]> {
  const keys: string[] = []
  for await (const batch of store.keys()) keys.push(...batch)
  return keys.sort()
}

export async function insertMany(
  store: SessionStore,
  count: number,
  parts?: Partial<Row>,
): Promise<void> {
  for (let n = 0; n < count; n++) await store.insert(`k${n}`, row(parts))
}

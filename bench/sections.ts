/** What is measured, in this order; each section in a process of its own. */

import { cookies, SIZES } from './cookies/cookies.ts'
import { type Kind, KINDS } from './cookies/sojourn.ts'
import type { Section } from './figures.ts'
import { inMemory, inRedis, rootBundle } from './footprint.ts'
import { forged } from './forged.ts'
import { hotInMemory, hotInRedis } from './hot-session.ts'
import { HOST_NAMES, host } from './http/hosts.ts'
import { postgres, redis, sqlite } from './stores/stores.ts'

const kinds = Object.keys(KINDS) as Kind[]
const sizes = Object.keys(SIZES) as (keyof typeof SIZES)[]

export const SECTIONS: Record<string, Section> = {
  ...Object.fromEntries(
    kinds.flatMap((kind) => sizes.map((size) => [`${kind} ${size}`, cookies(kind, size)])),
  ),
  ...Object.fromEntries(HOST_NAMES.map((label) => [label, host(label)])),
  Redis: redis,
  PostgreSQL: postgres,
  SQLite: sqlite,
  'hot session in memory': hotInMemory,
  'hot session in Redis': hotInRedis,
  // Loaded when it runs: a test runs the same file, so it takes the source instead of dist/.
  'lost updates': async (effort) => (await import('./lost-updates.ts')).lostUpdates(effort),
  'forged cookies': forged,
  'bytes in Redis': inRedis,
  'bytes in memory': inMemory,
  bundle: rootBundle,
}

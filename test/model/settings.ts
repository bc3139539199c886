/** What is drawn once for a schedule: its faults, its options, and what its requests do. */

import type { Chance } from './chance.ts'
import type { Deed } from './requests.ts'

/** What requests do, how often an app works across sessions, and how often an old cookie is shown. */
export interface Theme {
  readonly deeds: readonly Deed[]
  readonly across: number
  readonly old: number
}

/** What is drawn once for a schedule. */
export interface Settings {
  readonly faults: number
  readonly crashes: number
  readonly jumps: number
  readonly requests: number
  readonly rotate: number | undefined
  readonly limit: { most: number; onLimit: 'reject' | 'evict-oldest' } | undefined
  readonly onReplay: 'report' | 'end'
  readonly absolute: number | undefined
  readonly secrets: number
  /** The deadline of a commit. */
  readonly commit: number
  readonly theme: Theme
}

const GENERAL: readonly Deed[] = [
  'read',
  'write',
  'write',
  'write-twice',
  'spend',
  'consume',
  'login',
  'login',
  'logout',
  'logout-and-write',
  'regenerate',
  'permanent',
]

/** What requests do, in the mixtures in which they meet. */
const THEMES: readonly Theme[] = [
  {
    deeds: GENERAL,
    across: 0.1,
    old: 0.1,
  },
  {
    deeds: ['write', 'write', 'write-twice', 'spend', 'spend', 'consume', 'read'],
    across: 0,
    old: 0.05,
  },
  {
    deeds: ['login', 'login', 'write', 'logout', 'logout-and-write', 'regenerate'],
    across: 0.05,
    old: 0.2,
  },
  { deeds: ['regenerate', 'read', 'read', 'write', 'permanent'], across: 0, old: 0.4 },
  { deeds: ['login', 'login', 'write', 'permanent', 'read', 'read'], across: 0.3, old: 0.1 },
]

/** The times all schedules have in common, in milliseconds. */
export const TIMES = {
  start: 1_700_000_000_000,
  grace: 10_000,
  idle: 1_800_000,
  permanent: 86_400_000,
  read: 2_000,
  write: 2_000,
}

/** Draws the settings of a schedule. */
export function drawnSettings(chance: Chance): Settings {
  return {
    faults: chance.pick([0, 0.02, 0.1, 0.25]),
    crashes: chance.pick([0, 0, 0.01]),
    jumps: chance.pick([0, 0.01, 0.05, 0.15]),
    requests: 3 + chance.below(10),
    rotate: chance.pick([undefined, undefined, 60_000]),
    limit: chance.pick([
      undefined,
      undefined,
      { most: 1, onLimit: 'evict-oldest' as const },
      { most: 2, onLimit: 'evict-oldest' as const },
      { most: 1, onLimit: 'reject' as const },
      { most: 2, onLimit: 'reject' as const },
    ]),
    onReplay: chance.pick(['report', 'report', 'report', 'end']),
    absolute: chance.pick([undefined, undefined, 3_600_000]),
    secrets: chance.pick([1, 1, 2]),
    commit: chance.pick([10_000, 10_000, 3_000, 3]),
    theme: chance.pick(THEMES),
  }
}

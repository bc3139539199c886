/** What is drawn once for a schedule: its faults, its options, and what its requests do. */

import { CLOCK_DIFFERENCE_MS } from '../../src/backends/stored/store.ts'
import type { Task } from './administration.ts'
import type { Chance } from './chance.ts'
import type { Deed } from './requests.ts'

/** What requests do, how often an app works across sessions, and how often an old cookie is shown. */
export interface Theme {
  readonly deeds: readonly Deed[]
  readonly across: number
  readonly old: number
  readonly users?: readonly string[]
  readonly tasks?: readonly Task[]
  /** What these need to meet; drawn otherwise. */
  readonly given?: Partial<Pick<Settings, 'jumps' | 'losses' | 'loses' | 'skew'>>
}

/** What the store may lose: lists are evicted, a replica that lags takes over, all its room is used. */
export type Loss = 'keys' | 'keys and epoch' | 'lists' | 'rows' | 'both' | 'room'

/** What is drawn once for a schedule. */
export interface Settings {
  readonly faults: number
  readonly crashes: number
  readonly jumps: number
  /** How often the store loses something that it has acknowledged, and what. */
  readonly losses: number
  readonly loses: readonly Loss[]
  /** How far the clock of a process may be ahead or behind, in milliseconds. */
  readonly skew: number
  readonly requests: number
  readonly rotate: number | undefined
  readonly limit: { most: number; onLimit: 'reject' | 'evict-oldest' }
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
  {
    deeds: ['login', 'write', 'write', 'read', 'read'],
    across: 0.45,
    old: 0.2,
    users: ['ann'],
    given: { losses: 0.06, loses: ['keys', 'keys', 'keys', 'keys and epoch'] },
  },
  {
    deeds: ['login', 'login', 'write', 'read', 'read', 'logout'],
    across: 0.35,
    old: 0.3,
    users: ['ann', 'ann', 'bob'],
    tasks: ['list', 'list', 'list', 'revoke', 'revokeUser'],
    given: { jumps: 0.15, skew: 300_000 },
  },
]

/** What stores lose, in the mixtures in which it meets. */
const LOSSES: readonly (readonly Loss[])[] = [
  ['keys'],
  ['keys', 'keys and epoch'],
  ['keys', 'lists', 'rows'],
  ['keys', 'lists', 'both'],
  ['room'],
  ['keys', 'room'],
  ['keys', 'keys and epoch', 'lists', 'rows', 'both', 'room'],
]

/** The times all schedules have in common, in milliseconds. */
export const TIMES = {
  start: 1_700_000_000_000,
  grace: 10_000,
  idle: 1_800_000,
  permanent: 86_400_000,
  leeway: CLOCK_DIFFERENCE_MS,
  read: 2_000,
  write: 2_000,
}

/** Draws the settings of a schedule. */
export function drawnSettings(chance: Chance): Settings {
  const theme = chance.pick(THEMES)
  return {
    faults: chance.pick([0, 0.02, 0.1, 0.25]),
    crashes: chance.pick([0, 0, 0.01]),
    jumps: chance.pick([0, 0.01, 0.05, 0.15]),
    requests: 3 + chance.below(10),
    rotate: chance.pick([undefined, undefined, 60_000]),
    losses: chance.pick([0, 0, 0.03, 0.08]),
    loses: chance.pick(LOSSES),
    skew: chance.pick([0, 0, 20_000, 300_000]),
    limit: chance.pick([
      { most: 1_000, onLimit: 'evict-oldest' as const },
      { most: 1_000, onLimit: 'evict-oldest' as const },
      { most: 1, onLimit: 'evict-oldest' as const },
      { most: 2, onLimit: 'evict-oldest' as const },
      { most: 1, onLimit: 'reject' as const },
      { most: 2, onLimit: 'reject' as const },
    ]),
    onReplay: chance.pick(['report', 'report', 'report', 'end']),
    absolute: chance.pick([undefined, undefined, 3_600_000]),
    secrets: chance.pick([1, 1, 2]),
    commit: chance.pick([10_000, 10_000, 3_000, 3]),
    theme,
    ...theme.given,
  }
}

/** Copies of session cookies that the demo's thief has: in memory, known by a random id in the path. */

import { randomBytes } from 'node:crypto'
import type { KindName } from '../kinds.ts'
import type { Rejection } from '../sojourn.ts'

/** A copy of a session cookie, and what it was good for when the thief used it. */
export interface Loot {
  readonly id: string
  readonly kind: KindName
  readonly cookieName: string
  readonly value: string
  /** The session's id was renewed since. */
  isRenewed: boolean
  /** The last ones. */
  readonly uses: LootUse[]
}

/** One use of the copy. */
export interface LootUse {
  readonly wasAccepted: boolean
  readonly userId: string | undefined
  readonly cartCount: number
  readonly reason: Rejection | undefined
}

/** What the thief has. */
export interface Lair {
  find(id: string): Loot | undefined
  /** Copies a cookie. */
  steal(copy: Pick<Loot, 'kind' | 'cookieName' | 'value'>): Loot
}

const MOST_LOOT = 1_000
const MOST_USES = 8

/** Notes a use. */
export function addUse({ uses }: Loot, use: LootUse): void {
  uses.push(use)
  if (uses.length > MOST_USES) uses.shift()
}

/** Makes it, empty. */
export function lair(): Lair {
  const all = new Map<string, Loot>()
  return {
    find: (id) => all.get(id),
    steal(copy) {
      const loot: Loot = {
        ...copy,
        id: randomBytes(16).toString('base64url'),
        isRenewed: false,
        uses: [],
      }
      all.set(loot.id, loot)
      const [oldest = ''] = all.keys()
      if (all.size > MOST_LOOT) all.delete(oldest)
      return loot
    },
  }
}

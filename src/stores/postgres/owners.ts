/** The owners' lists in PostgreSQL: one row for each entry, in the order of admission. */

import { isFull, type SendStatement } from './failures.ts'
import { ownerStatements } from './owner-statements.ts'
import { decodeKeys, encodeText, listNameOf } from './row.ts'
import type { Tables } from './schema.ts'
import type { Admission, FoundRow, Owners } from '../../backends/stored/store.ts'

type Standing = Pick<FoundRow, 'epoch' | 'isListed'>

/** The verbs for owners, and what `read` returns of the owner. */
export interface PostgresOwners extends Owners {
  /** The owner's epoch for this key, and whether the list has it. */
  standingOf(owner: string, key: string): Promise<Standing>
  /** The same for many keys. `owners`: the owner of each. */
  standingsOf(owners: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, Standing>>
}

/** How many keys of one owner a statement returns. */
const LIST_BATCH = 10_000

/** The highest limit, because PostgreSQL has no number for "unlimited". */
const MOST = 1_000_000_000

/** The verbs for owners. `ttlUntil`: the time to live, in milliseconds, of what expires at a time. */
export function postgresOwners(
  send: SendStatement,
  tables: Tables,
  ttlUntil: (until: number) => number,
): PostgresOwners {
  const sql = ownerStatements(tables)

  async function standingOf(owner: string, key: string) {
    const [[epoch, listed] = []] = (await send(sql.standing, listNameOf(owner), key)).rows
    return { epoch: Number(epoch), isListed: listed === 'listed' }
  }

  async function standingsOf(owners: ReadonlyMap<string, string>) {
    if (owners.size === 0) return new Map<string, Standing>()
    const names = [...owners].map(([key, owner]) => [key, listNameOf(owner)])
    const { rows } = await send(sql.standings, JSON.stringify(Object.fromEntries(names)))
    return new Map(
      rows.map(([key, epoch, listed]): [string, Standing] => [
        String(key),
        { epoch: Number(epoch), isListed: listed === 'listed' },
      ]),
    )
  }

  async function epochOf(owner: string): Promise<number> {
    return Number((await send(sql.epoch, listNameOf(owner))).rows[0]?.[0] ?? 0)
  }

  /** Reads in batches that the server can sort in memory; a larger one would need its disk. */
  async function listOf(owner: string, most = Infinity): Promise<string[]> {
    const found: string[] = []
    for (let last: unknown = 0; last !== null && found.length < most;) {
      const size = Math.min(LIST_BATCH, most - found.length)
      const [list, place] = (await send(sql.list, listNameOf(owner), last, size)).rows[0] ?? []
      const batch = decodeKeys(list)
      found.push(...batch)
      last = batch.length < size ? null : place
    }
    return found
  }

  /**
   * Admits a key only if the list has room: counts the keys, then admits the key if the owner's row
   * is still the same. Each admission writes a new version of that row.
   */
  async function admitIfRoom(values: readonly unknown[], most: number): Promise<Admission> {
    const [owner, key, epoch] = values
    for (;;) {
      const [found = []] = (await send(sql.room, owner, key, most)).rows
      const [current, listed, version, count] = found
      if (Number(current) > Number(epoch)) return { admitted: false, why: 'revoked' }
      const isListed = listed === 'listed'
      if (!isListed && Number(count) >= most) return { admitted: false, why: 'limit' }
      if (await enter(sql.admit, ...values, isListed ? null : (version ?? ''))) {
        return { admitted: true, over: [] }
      }
    }
  }

  /** Whether the statement found the owner's row as it must be. */
  async function enter(...statement: Parameters<SendStatement>): Promise<boolean> {
    return (await send(...statement)).rows[0]?.[0] === '1'
  }

  return {
    standingOf,
    standingsOf,

    epoch: epochOf,

    async admit(owner, key, epoch, until, { most, refuse }) {
      const values = [listNameOf(owner), key, epoch, ttlUntil(until)]
      const limit = Math.min(most, MOST)
      if (refuse) return admitIfRoom(values, limit)
      if (!(await enter(sql.admit, ...values, null))) return { admitted: false, why: 'revoked' }
      const [over] = (await send(sql.over, values[0], key, limit)).rows
      return { admitted: true, over: decodeKeys(over?.[0]) }
    },

    async keep(owner, key, epoch, until) {
      if (await enter(sql.keep, listNameOf(owner), key, epoch, ttlUntil(until))) return true
      return (await standingOf(owner, key)).epoch <= epoch
    },

    list: listOf,

    async revoke(owner, epoch, until, except) {
      const values = [listNameOf(owner), epoch, except ?? null, ttlUntil(until)]
      const reached = await send(sql.revoke, ...values).catch((error: unknown) => {
        if (!isFull(error)) throw error
      })
      const current = reached ? Number(reached.rows[0]?.[0]) : await epochOf(owner)
      // A second statement, because it sees every login that was admitted before.
      return { epoch: current, keys: await listOf(owner) }
    },

    async forget(owner, keys) {
      if (keys.length > 0) await send(sql.forget, listNameOf(owner), JSON.stringify(keys))
    },

    async erase(owner) {
      await send(sql.erase, listNameOf(owner))
      await send(sql.eraseName, encodeText(owner))
    },
  }
}

/** The owners' lists in SQLite: one row for each entry, in the order of admission. */

import type { Clock } from '../../base/ports.ts'
import type { SqliteConnection, Sql } from './connection.ts'
import type { Tables } from './schema.ts'
import { REVOKED_MS, type Owners } from '../../backends/stored/store.ts'
import { keysOver } from '../verb-rules.ts'

/** How many keys one transaction forgets: a whole long list would block the event loop. */
const PART = 500

/** The verbs for owners. */
export function sqliteOwners(
  { read, write }: SqliteConnection,
  { owners, owned }: Tables,
  clock: Clock,
): Owners {
  const OWNER = 'CAST(? AS BLOB)'
  const LIST = `SELECT key FROM ${owned} WHERE owner = ${OWNER} ORDER BY place`
  const REVOKED = `SELECT revoked_at FROM ${owners} WHERE owner = ${OWNER}`
  const ADD = `INSERT INTO ${owned} (owner, key) VALUES (${OWNER}, ?) ON CONFLICT DO NOTHING`
  const FORGET = `DELETE FROM ${owned} WHERE owner = ${OWNER} AND key = ?`
  const KEEP = `UPDATE ${owners} SET until = ? WHERE owner = ${OWNER} AND until < ?`
  const OPEN = `
    INSERT INTO ${owners} (owner, until) VALUES (${OWNER}, ?)
    ON CONFLICT (owner) DO UPDATE SET until = max(until, excluded.until)`
  const REVOKE = `
    UPDATE ${owners} SET revoked_at = ?
    WHERE owner = ${OWNER} AND ifnull(revoked_at < ?, TRUE)`

  return {
    admit: (owner, key, calledAt, until, limit) =>
      write('admit', (sql) => {
        const revoked = sql.get<{ revoked_at: number | null }>(REVOKED, owner)?.revoked_at ?? null
        if (revoked !== null && calledAt <= Number(revoked)) {
          return { admitted: false, why: 'revoked' }
        }
        const keys = limit ? listed(sql, owner) : []
        if (limit?.refuse && keys.length >= limit.most && !keys.includes(key)) {
          return { admitted: false, why: 'limit' }
        }
        sql.run(OPEN, owner, until)
        sql.run(ADD, owner, key)
        return {
          admitted: true,
          over: !limit || limit.refuse ? [] : keysOver(keys, key, limit.most),
        }
      }),

    keep: (owner, until) => write('keep', (sql) => void sql.run(KEEP, until, owner, until)),

    list(owner, revoking) {
      if (revoking === undefined) return read('list', (sql) => listed(sql, owner))
      return write('list', (sql) => {
        sql.run(OPEN, owner, Math.max(clock(), revoking) + REVOKED_MS)
        sql.run(REVOKE, revoking, owner, revoking)
        return listed(sql, owner)
      })
    },

    async forget(owner, keys) {
      for (let first = 0; first < keys.length; first += PART) {
        await write('forget', (sql) => {
          for (const key of keys.slice(first, first + PART)) sql.run(FORGET, owner, key)
        })
      }
    },
  }

  function listed(sql: Sql, owner: string): string[] {
    return sql.all<{ key: string }>(LIST, owner).map(({ key }) => key)
  }
}

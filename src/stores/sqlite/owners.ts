/** The owners' lists in SQLite: one row for each entry, in the order of admission. */

import type { SqliteValue } from './client.ts'
import type { SqliteConnection, Sql } from './connection.ts'
import { isFull } from './failures.ts'
import type { Tables } from './schema.ts'
import { OVER_AT_ONCE, type Owners } from '../../backends/stored/store.ts'

/** How many keys one transaction deletes or checks: a long list would block the event loop. */
const PART = 500

interface Mark {
  readonly epoch: number
  readonly except: string | null
}

/** For LIMIT: no limit. */
const ALL = -1

const NEVER: Mark = { epoch: 0, except: null }

/** The verbs for owners. */
export function sqliteOwners(
  { read, write }: SqliteConnection,
  { sessions, owners, owned, epochs }: Tables,
): Owners {
  const OWNER = 'CAST(? AS BLOB)'
  const MARK = `SELECT epoch, except_key AS "except" FROM ${epochs} WHERE owner = ${OWNER}`
  const RAISE = `
    INSERT INTO ${epochs} (owner, epoch, except_key) VALUES (${OWNER}, ?, ?)
    ON CONFLICT (owner) DO UPDATE SET epoch = excluded.epoch, except_key = excluded.except_key`
  const OPEN = `
    INSERT INTO ${owners} (owner, until) VALUES (${OWNER}, ?)
    ON CONFLICT (owner) DO UPDATE SET until = excluded.until WHERE until < excluded.until`
  const LIST = `SELECT key FROM ${owned} WHERE owner = ${OWNER} ORDER BY place LIMIT ?`
  const PLACE = `SELECT place FROM ${owned} WHERE owner = ${OWNER} AND key = ?`
  const COUNT = `
    SELECT count(*) AS count FROM (SELECT 1 FROM ${owned} WHERE owner = ${OWNER} LIMIT ?)`
  const ADD = `INSERT INTO ${owned} (owner, key) VALUES (${OWNER}, ?) ON CONFLICT DO NOTHING`
  // Counting back from the key's place, finds the first entry within the limit. Earlier ones are
  // over it.
  const OVER = `
    SELECT key FROM ${owned} WHERE owner = ${OWNER} AND place < (
      SELECT place FROM ${owned} AS listed
      WHERE owner = ${OWNER} AND place <= (SELECT place FROM ${owned} WHERE owner = ${OWNER} AND key = ?)
      ORDER BY place DESC LIMIT 1 OFFSET ?
    ) ORDER BY place LIMIT ${OVER_AT_ONCE}`
  const FORGET = `DELETE FROM ${owned} WHERE owner = ${OWNER} AND key = ?`
  const UNNAME_PART = `
    UPDATE ${sessions} SET owner = NULL WHERE rowid IN (
      SELECT rowid FROM ${sessions} WHERE owner = ${OWNER} AND body IS NULL LIMIT ${PART})`
  const DELETE_PART = `
    DELETE FROM ${owned} WHERE place IN (
      SELECT place FROM ${owned} WHERE owner = ${OWNER} LIMIT ${PART})`
  const DELETE_LIST = `DELETE FROM ${owners} WHERE owner = ${OWNER}`
  const DELETE_EPOCH = `DELETE FROM ${epochs} WHERE owner = ${OWNER}`

  return {
    epoch: (owner) => read('read the epoch', (sql) => markOf(sql, owner).epoch),

    admit: (owner, key, epoch, until, limit) =>
      write('admit', (sql) => {
        const mark = markOf(sql, owner)
        if (isRevoked(mark, key, epoch)) return { admitted: false, why: 'revoked' }
        if (limit.refuse && !sql.get(PLACE, owner, key)) {
          const full = sql.get<{ count: number }>(COUNT, owner, limit.most)
          if (Number(full?.count) >= limit.most) return { admitted: false, why: 'limit' }
        }
        add(sql, owner, key, until)
        if (epoch > mark.epoch) sql.run(RAISE, owner, epoch, null)
        if (limit.refuse) return { admitted: true, over: [] }
        return { admitted: true, over: keysOf(sql, OVER, owner, owner, owner, key, limit.most - 1) }
      }),

    keep: (owner, key, epoch, until) =>
      write('keep', (sql) => {
        const mark = markOf(sql, owner)
        if (isRevoked(mark, key, epoch)) return false
        add(sql, owner, key, until)
        if (epoch > mark.epoch) sql.run(RAISE, owner, epoch, null)
        return true
      }),

    list: (owner, most = ALL) => read('list', (sql) => keysOf(sql, LIST, owner, most)),

    async revoke(owner, epoch, until, except) {
      const revoked = (sql: Sql) => ({
        epoch: markOf(sql, owner).epoch,
        keys: keysOf(sql, LIST, owner, ALL),
      })
      try {
        return await write('revoke', (sql) => {
          if (epoch > markOf(sql, owner).epoch) {
            sql.run(OPEN, owner, until)
            sql.run(RAISE, owner, epoch, except ?? null)
          }
          return revoked(sql)
        })
      } catch (error) {
        if (!isFull(error)) throw error
        return read('revoke', revoked)
      }
    },

    async forget(owner, keys) {
      for (let first = 0; first < keys.length; first += PART) {
        await write('forget', (sql) => {
          for (const key of keys.slice(first, first + PART)) sql.run(FORGET, owner, key)
        })
      }
    },

    async erase(owner) {
      for (const text of [UNNAME_PART, DELETE_PART]) {
        for (let changed = PART; changed === PART;) {
          changed = await write('erase', (sql) => sql.run(text, owner))
        }
      }
      await write('erase', (sql) => {
        sql.run(DELETE_EPOCH, owner)
        sql.run(DELETE_LIST, owner)
      })
    },
  }

  function markOf(sql: Sql, owner: string): Mark {
    const mark = sql.get<Mark>(MARK, owner)
    return mark ? { epoch: Number(mark.epoch), except: mark.except } : NEVER
  }

  /** Writes nothing if the list has the key and expires late enough. */
  function add(sql: Sql, owner: string, key: string, until: number): void {
    sql.run(OPEN, owner, until)
    sql.run(ADD, owner, key)
  }
}

function isRevoked(mark: Mark, key: string, epoch: number): boolean {
  return epoch < mark.epoch && key !== mark.except
}

function keysOf(sql: Sql, text: string, ...values: SqliteValue[]): string[] {
  return sql.all<{ key: string }>(text, ...values).map(({ key }) => key)
}

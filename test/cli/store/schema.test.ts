import { DatabaseSync } from 'node:sqlite'
import { Pool } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { schema } from '../../../src/cli/store/schema.ts'
import { postgresSchema, postgresStore } from '../../../src/stores/postgres/postgres.ts'
import { sqliteSchema, sqliteStore } from '../../../src/stores/sqlite/sqlite.ts'
import type { SessionStore } from '../../../src/backends/stored/store.ts'
import { sojourn } from '../command.ts'

async function expectToWork(store: SessionStore) {
  const row = { write: 'w', recent: [], expiresAt: Date.UTC(2100, 0, 1), owner: null, body: '{}' }
  expect(await store.insert('k', row)).toBe(true)
  expect(await store.read('k')).toEqual({ ...row, epoch: 0, isListed: true })
  expect((await store.check()).filter((finding) => finding.includes('tables'))).toEqual([])
}

test('what schema sqlite prints makes the tables that the store works with', async () => {
  const { code, out, err } = await sojourn(['schema', 'sqlite'])
  expect({ code, out, err }).toEqual({ code: 0, out: sqliteSchema(), err: '' })
  const db = new DatabaseSync(':memory:')
  onTestFinished(() => db.close())
  db.exec(out)
  await expectToWork(sqliteStore(db))
})

test('what schema postgres prints makes the tables that the store works with, under a prefix', async () => {
  const prefix = `cli_schema_${process.pid}_`
  const { code, out, err } = await sojourn(['schema', 'postgres', '--prefix', prefix])
  expect({ code, out, err }).toEqual({ code: 0, out: postgresSchema(prefix), err: '' })
  const pool = new Pool({ connectionString: process.env['DATABASE_URL'] ?? '', max: 1 })
  onTestFinished(async () => {
    await pool.query(`DROP TABLE ${prefix}sessions, ${prefix}owners, ${prefix}owned, ${prefix}meta`)
    await pool.end()
  })
  await pool.query(out)
  await expectToWork(postgresStore(pool, { prefix }))
})

test.each([
  [[], 'sojourn schema sqlite'],
  [['redis'], 'Redis needs no tables'],
  [['constructor'], 'sojourn schema sqlite'],
  [['sqlite', 'extra'], 'sojourn schema sqlite'],
  [['postgres', '--prefix', 'x"; DROP TABLE users; --'], 'prefix'],
  [['sqlite', '--prefix', ''], 'prefix'],
  [['sqlite', '--prefix'], '--prefix'],
])('schema %j is not understood', async (args, says) => {
  const ran = schema.run(args)
  await expect(ran).rejects.toMatchObject({ code: 'ERR_USAGE' })
  await expect(ran).rejects.toThrow(says)
})

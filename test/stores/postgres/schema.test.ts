/** The PostgreSQL store's tables: made once, by whoever comes first, and told apart by version. */

import { expect, onTestFinished, test } from 'vitest'
import { postgresSchema, postgresStore } from '../../../src/stores/postgres/postgres.ts'
import { connectPool, MANY, url } from './tables.ts'
import { isolated } from './isolation.ts'

const pool = connectPool()

test.for(['read committed', 'repeatable read', 'serializable'])(
  'eight processes that start at once make the tables together: %s',
  async (level) => {
    const prefix = await unused()
    const stores = Array.from({ length: 8 }, () =>
      postgresStore(connectPool(isolated(level)), { prefix }),
    )
    await Promise.all(stores.map((store) => store.createSchema()))
    expect(await stores[0]?.read('k')).toBe(null)
    expect(await versions(prefix)).toEqual([{ version: 2 }])
  },
)

test('the tables are made again without harm', async () => {
  const store = postgresStore(pool, { prefix: await unused() })
  await store.createSchema()
  await store.revoke('ada', 2, 1, undefined)
  await store.createSchema()
  expect(await store.admit('ada', 'k', 1, 2, MANY)).toEqual({ admitted: false, why: 'revoked' })
})

test('what postgresSchema prints makes the same tables, statement by statement', async () => {
  const [printed, made] = [await unused(), await unused()]
  const client = await pool.connect()
  for (const statement of postgresSchema(printed).split(';\n')) await client.query(statement)
  client.release()
  await postgresStore(pool, { prefix: made }).createSchema()
  expect(await shapeOf(printed)).toEqual(await shapeOf(made))
  expect(await shapeOf(printed)).toHaveLength(26)
  await pool.query(postgresSchema(printed))
  expect(await versions(printed)).toEqual([{ version: 2 }])
})

test('the tables can live in a schema of their own', async () => {
  await pool.query('DROP SCHEMA IF EXISTS "schema_web" CASCADE; CREATE SCHEMA schema_web')
  const store = postgresStore(pool, { prefix: 'schema_web.user_' })
  await store.createSchema()
  expect(await store.remove('k')).toBe(false)
  const found = await pool.query('SELECT count(*)::int AS rows FROM schema_web.user_sessions')
  expect(found.rows).toEqual([{ rows: 1 }])
})

test('without tables every verb says what to call, and so does check', async () => {
  const store = postgresStore(pool, { prefix: await unused() })
  const missing = {
    code: 'ERR_STORE_SCHEMA',
    message: expect.stringMatching(/PostgreSQL are missing\. Call `await store\.createSchema/),
  }
  const row = { write: 'w', recent: [], expiresAt: 0, owner: null, body: '' }
  await expect(store.read('k')).rejects.toMatchObject(missing)
  await expect(store.insert('k', row)).rejects.toMatchObject(missing)
  await expect(store.swap('k', 'w', row)).rejects.toMatchObject(missing)
  await expect(store.admit('ada', 'k', 1, 1, MANY)).rejects.toMatchObject(missing)
  await expect(store.prune(1)).rejects.toMatchObject(missing)
  expect(await store.check()).toContainEqual(expect.stringMatching(/are missing\. Call/))
})

test('tables of an older version are named, and upgraded', async () => {
  const prefix = await unused()
  const store = postgresStore(pool, { prefix })
  await store.createSchema()
  await store.read('k')
  await pool.query(
    `DROP TABLE ${prefix}owners, ${prefix}owned; UPDATE ${prefix}meta SET version = 0`,
  )
  await pool.query(
    `INSERT INTO ${prefix}sessions VALUES ('k', 'w', '', 0, NULL, 'kept', 'infinity')`,
  )
  await expect(store.list('ada')).rejects.toThrow(/version 0, and this release needs/)
  await expect(store.read('k')).rejects.toThrow(/version 0, and this release needs/)
  await store.createSchema()
  expect(await store.list('ada')).toEqual([])
  expect((await store.read('k'))?.body).toBe('kept')
})

test('an upgrade from version 1 takes each list along, in its order, however often it runs', async () => {
  const prefix = await unused()
  const store = postgresStore(pool, { prefix })
  await store.createSchema()
  await pool.query(`
    DROP TABLE ${prefix}owned;
    ALTER TABLE ${prefix}owners DROP COLUMN epoch, DROP COLUMN excepted,
      ALTER COLUMN keys DROP DEFAULT, ALTER COLUMN revoked_at DROP DEFAULT;
    UPDATE ${prefix}meta SET version = 1;
    INSERT INTO ${prefix}owners VALUES
      ('ada', '{z,a,m}', '-Infinity', 'infinity'), ('grace', '{a}', 1, 'infinity')`)
  await expect(store.list('ada')).rejects.toThrow(/version 1, and this release needs/)
  await store.createSchema()
  expect(await store.list('ada')).toEqual(['z', 'a', 'm'])
  expect(await store.admit('ada', 'b', 0, 1, MANY)).toEqual({ admitted: true, over: [] })
  await store.forget('ada', ['z'])
  await pool.query(postgresSchema(prefix))
  expect(await store.list('ada')).toEqual(['a', 'm', 'b'])
  expect(await store.list('grace')).toEqual(['a'])
})

test('a process of version 1 can still write to upgraded tables', async () => {
  const prefix = await unused()
  await postgresStore(pool, { prefix }).createSchema()
  await pool.query(`
    INSERT INTO ${prefix}owners (owner, keys, revoked_at, collect_at)
    VALUES ('ada', '{a}', '-Infinity', 'infinity')`)
  const store = postgresStore(pool, { prefix })
  expect(await store.admit('ada', 'b', 0, 1, MANY)).toEqual({ admitted: true, over: [] })
  expect(await store.list('ada')).toEqual(['b'])
})

test('tables dropped under a running store are missed at the next verb', async () => {
  const prefix = await unused()
  const store = postgresStore(pool, { prefix })
  await store.createSchema()
  expect(await store.read('k')).toBe(null)
  await pool.query(`DROP TABLE ${prefix}sessions, ${prefix}owners, ${prefix}owned, ${prefix}meta`)
  await expect(store.read('k')).rejects.toThrow(/are missing/)
  await store.createSchema()
  expect(await store.read('k')).toBe(null)
})

test('tables newer by one version serve this release too, and check says so', async () => {
  const prefix = await unused()
  const store = postgresStore(pool, { prefix })
  await store.createSchema()
  await pool.query(`UPDATE ${prefix}meta SET version = 3`)
  expect(await store.list('ada')).toEqual([])
  await store.createSchema()
  expect(await versions(prefix)).toEqual([{ version: 3 }])
  expect(await store.check()).toContainEqual(
    expect.stringMatching(
      /PostgreSQL have version 3, which a newer release has made\. This release supports/,
    ),
  )
})

test('tables newer by more than one version are refused, and left alone', async () => {
  const prefix = await unused()
  const store = postgresStore(pool, { prefix })
  await store.createSchema()
  await pool.query(`UPDATE ${prefix}meta SET version = 4`)
  const newer = {
    code: 'ERR_STORE_SCHEMA',
    message: expect.stringMatching(/version 4, and this release knows up to 3/),
  }
  await expect(store.list('ada')).rejects.toMatchObject(newer)
  await expect(store.createSchema()).rejects.toMatchObject(newer)
  expect(await store.check()).toContainEqual(newer.message)
  expect(await versions(prefix)).toEqual([{ version: 4 }])
})

test('a schema that does not exist is named as what is wrong', async () => {
  const store = postgresStore(pool, { prefix: 'nowhere.app_' })
  const refused = {
    code: 'ERR_STORE_SCHEMA',
    message: expect.stringMatching(/to a schema that does not exist/),
    cause: expect.objectContaining({ code: '3F000' }),
  }
  await expect(store.createSchema()).rejects.toMatchObject(refused)
})

test('a role that may not create anything finds tables that are there', async () => {
  const prefix = await unused()
  await postgresStore(pool, { prefix }).createSchema()
  await pool.query(`
    CREATE ROLE ${prefix}app LOGIN PASSWORD 'app';
    GRANT SELECT, INSERT, UPDATE, DELETE ON ${prefix}sessions, ${prefix}owners, ${prefix}owned, ${prefix}meta
      TO ${prefix}app`)
  onTestFinished(async () => {
    await pool.query(`DROP OWNED BY ${prefix}app; DROP ROLE ${prefix}app`)
  })
  const connectionString = Object.assign(new URL(url), {
    username: `${prefix}app`,
    password: 'app',
  })
  const store = postgresStore(connectPool({ connectionString: connectionString.href }), { prefix })
  await store.createSchema()
  expect(await store.remove('k')).toBe(false)
})

test.for(['', 'App_', 'a b', 'a"', '1st', 'a.b.c', '.a_', 'a.', 'ä', 'a'.repeat(41), 'a_\n'])(
  'the prefix %j is refused',
  (prefix) => {
    const refused = expect.objectContaining({ code: 'ERR_OPTION_INVALID' })
    expect(() => postgresStore(pool, { prefix })).toThrow(refused)
    expect(() => postgresSchema(prefix)).toThrow(refused)
  },
)

test('a prefix as long as allowed has tables and indexes of its own', async () => {
  const prefix = 'schema_'.padEnd(40, 'x')
  await pool.query(
    `DROP TABLE IF EXISTS ${prefix}sessions, ${prefix}owners, ${prefix}owned, ${prefix}meta`,
  )
  const store = postgresStore(pool, { prefix })
  await store.createSchema()
  expect(await shapeOf(prefix)).toHaveLength(26)
})

/** A prefix under which there is nothing. */
async function unused(): Promise<string> {
  const prefix = `schema_${(prefixes += 1)}_`
  await pool.query(
    `DROP TABLE IF EXISTS ${prefix}sessions, ${prefix}owners, ${prefix}owned, ${prefix}meta`,
  )
  return prefix
}

let prefixes = 0

async function versions(prefix: string): Promise<unknown[]> {
  return (await pool.query(`SELECT version FROM ${prefix}meta`)).rows
}

/** Every column and index, without the prefix. */
async function shapeOf(prefix: string): Promise<string[]> {
  const query = `
    SELECT table_name || '.' || column_name || ' ' || data_type AS found
    FROM information_schema.columns WHERE starts_with(table_name, $1)
    UNION ALL SELECT indexdef FROM pg_indexes WHERE starts_with(tablename, $1) ORDER BY found`
  const { rows } = await pool.query<{ found: string }>(query, [prefix])
  return rows.map(({ found }) => found.replaceAll(prefix, ''))
}

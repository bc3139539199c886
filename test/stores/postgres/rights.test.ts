/** The rights that the PostgreSQL store needs: the guide lists them, and each is needed. */

import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { postgresStore, type PostgresStore } from '../../../src/stores/postgres/postgres.ts'
import { connectPool, MANY, url } from './tables.ts'

const pool = connectPool()
const ENDS = Date.now() + 3_600_000

/** The statements of the guide, for tables of this prefix in this schema. */
const GRANTS = grantsIn(readFileSync('docs/guide/stores.md', 'utf8'))

test('the guide grants four rights on each of three tables, and two more', () => {
  expect(rightsOf(GRANTS)).toEqual([
    'USAGE ON SCHEMA web',
    ...['sessions', 'owners', 'owned'].flatMap((table) =>
      ['SELECT', 'INSERT', 'UPDATE', 'DELETE'].map((right) => `${right} ON web.sojourn_${table}`),
    ),
    'SELECT ON web.sojourn_meta',
  ])
})

test('with exactly the rights of the guide every verb works', async () => {
  const { store } = await roleWith(rightsOf(GRANTS))
  await store.createSchema()
  await everyVerb(store)
  expect(withoutFsync(await store.check())).toEqual([])
})

test.for(rightsOf(GRANTS))(
  'without %s a verb fails, and both it and check say so',
  async (right) => {
    const { store } = await roleWith(rightsOf(GRANTS).filter((other) => other !== right))
    const denied = /permission denied for (schema|table) (\w+)/
    const failure: unknown = await everyVerb(store).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: '42501', message: expect.stringMatching(denied) })
    const [verb, name] = right.split(/ ON (?:SCHEMA )?(?:web\.)?/)
    expect((failure as Error).message).toContain(name)
    const findings = withoutFsync(await store.check())
    expect(findings).toEqual([expect.stringContaining(name!)])
    if (verb !== 'USAGE') expect(findings).toEqual([expect.stringContaining(`right to ${verb} on`)])
  },
)

test('a role that may create tables in the schema needs no other right', async () => {
  await pool.query('DROP SCHEMA IF EXISTS web CASCADE; CREATE SCHEMA web')
  const { store } = await roleWith(['USAGE ON SCHEMA web', 'CREATE ON SCHEMA web'], 'no tables')
  await store.createSchema()
  await everyVerb(store)
  expect(withoutFsync(await store.check())).toEqual([])
})

async function everyVerb(store: PostgresStore): Promise<void> {
  const row = { write: 'a', recent: [], expiresAt: ENDS, owner: 'ada', body: '' }
  await store.insert('k', row)
  await store.read('k')
  await store.swap('k', 'a', { ...row, write: 'b' })
  await store.touch('k', ENDS + 1)
  await store.epoch('ada')
  await store.admit('ada', 'k', 0, ENDS, MANY)
  await store.admit('ada', 'l', 0, ENDS, { most: 9, refuse: true })
  await store.keep('ada', 'm', 0, ENDS)
  await store.list('ada')
  await store.revoke('ada', 1, ENDS, undefined)
  await store.forget('ada', ['m'])
  await store.remove('k')
  for await (const _ of store.keys());
  await store.erase('ada')
  await store.prune(10)
}

let roles = 0

/** A store whose role has these rights alone; the tables are empty, and the superuser's. */
async function roleWith(rights: readonly string[], tables: 'tables' | 'no tables' = 'tables') {
  const role = `rights_${process.pid}_${(roles += 1)}`
  if (tables === 'tables') {
    await pool.query('DROP SCHEMA IF EXISTS web CASCADE; CREATE SCHEMA web')
    await postgresStore(pool, { prefix: 'web.sojourn_' }).createSchema()
  }
  await pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'app'`)
  for (const right of rights) await pool.query(`GRANT ${right} TO ${role}`)
  onTestFinished(async () => {
    await pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  })
  const connectionString = Object.assign(new URL(url), { username: role, password: 'app' }).href
  return { store: postgresStore(connectPool({ connectionString }), { prefix: 'web.sojourn_' }) }
}

function grantsIn(guide: string): string[] {
  const [, sql = ''] =
    /### PostgreSQL: a role with the least privileges[^]*?```sql\n([^]*?)```/.exec(guide) ?? []
  return sql.split(';\n').filter((line) => line.startsWith('GRANT'))
}

/** One right on one thing each. */
function rightsOf(grants: readonly string[]): string[] {
  return grants.flatMap((grant) => {
    const [, rights = '', kind = '', names = ''] =
      /^GRANT (.+?)\s+ON (SCHEMA )?(.+?)\s+TO app$/s.exec(grant) ?? []
    return names
      .split(/,\s*/)
      .flatMap((name) => rights.split(', ').map((right) => `${right} ON ${kind}${name}`))
  })
}

function withoutFsync(findings: readonly string[]): string[] {
  return findings.filter((sentence) => !sentence.startsWith('fsync is off'))
}

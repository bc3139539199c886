/** The PostgreSQL store when others hold its rows: nothing stale, nothing lost, nothing in vain. */

import type { Pool } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import type { PostgresStore } from '../../../src/stores/postgres/postgres.ts'
import type { Admission, Limit, Row } from '../../../src/backends/stored/store.ts'
import { connectPool, emptyStore, MANY, sqlOf, untilWaiting } from './tables.ts'
import { countTo, isolated } from './isolation.ts'

const NAME = 'races'
const pool = connectPool()

test('32 connections count to 160 exactly', async () => {
  const { store } = await opened('read committed', { max: 32 })
  expect(await countTo(160, 32, store)).toBe(160)
})

test.for(['read committed', 'repeatable read', 'serializable'] as const)(
  'who waited for another to write loses, and learns what was written: %s',
  async (level) => {
    const { store, application } = await opened(level)
    await store.insert('k', row('first'))
    const theirs = await transaction()
    await theirs.query(`UPDATE races_sessions SET write = 'second', body = 'new' WHERE key = 'k'`)
    const swap = store.swap('k', 'first', row('third'))
    await untilWaiting(pool, application)
    await theirs.query('COMMIT')
    expect(await swap).toEqual({ won: false, newest: { ...row('second'), body: 'new' } })
  },
)

test.for(['read committed', 'repeatable read', 'serializable'] as const)(
  'a touch does not disturb a swap that waited for it: %s',
  async (level) => {
    const { store, application } = await opened(level)
    await store.insert('k', row('first'))
    const theirs = await transaction()
    await theirs.query(`UPDATE races_sessions SET expires_at = expires_at + 1 WHERE key = 'k'`)
    const swap = store.swap('k', 'first', row('second'))
    await untilWaiting(pool, application)
    await theirs.query('COMMIT')
    expect(await swap).toEqual({ won: true })
    expect(await store.read('k')).toMatchObject(row('second'))
  },
)

test.for(['read committed', 'repeatable read', 'serializable'] as const)(
  'a login that waited for another counts that one too: %s',
  async (level) => {
    const ours = await opened(level)
    const login = await loginBehind('epoch = 1', ours, 1, { most: 2, refuse: true })
    expect(login).toEqual({ admitted: false, why: 'limit' })
    expect(await ours.store.list('ada')).toEqual(['phone', 'laptop'])
  },
)

test.for(['read committed', 'repeatable read', 'serializable'] as const)(
  'a login that waited for a revocation is refused, and leaves nothing in the list: %s',
  async (level) => {
    const { store, application } = await opened(level)
    const until = Date.now() + 60_000
    for (const limit of [MANY, { most: 9, refuse: true }]) {
      await store.admit('ada', 'phone', 1, until, limit)
      const theirs = await transaction()
      await theirs.query('UPDATE races_owners SET epoch = epoch + 1')
      const login = store.admit('ada', 'tablet', 1, until, limit)
      const visit = store.keep('ada', 'lost', 1, until)
      await untilWaiting(pool, application, 2)
      await theirs.query('COMMIT')
      expect(await login).toEqual({ admitted: false, why: 'revoked' })
      expect(await visit).toBe(false)
      expect(await store.list('ada')).toEqual(['phone'])
      await store.erase('ada')
    }
  },
)

test.for(['read committed', 'repeatable read', 'serializable'] as const)(
  'a login that waited for another names that one too as over the limit: %s',
  async (level) => {
    const ours = await opened(level)
    const change = `collect_at = collect_at + interval '1 second'`
    const login = await loginBehind(change, ours, 0, { most: 1, refuse: false })
    expect(login).toEqual({ admitted: true, over: ['phone', 'laptop'] })
    expect(await ours.store.list('ada')).toEqual(['phone', 'laptop', 'tablet'])
  },
)

test('a swap that has lost already waits for nobody, and locks nothing', async () => {
  const { store } = await opened('serializable')
  await store.insert('k', row('first'))
  const theirs = await transaction()
  await theirs.query(`UPDATE races_sessions SET write = 'second' WHERE key = 'k'`)
  const newest = row('first')
  expect(await store.swap('k', 'long ago', row('third'))).toEqual({ won: false, newest })
  await theirs.query('COMMIT')
})

test('a removal that meets an insert it could not see says that there was a row', async () => {
  const { store, application } = await opened('read committed')
  const theirs = await transaction()
  await theirs.query(`
    INSERT INTO races_sessions (key, write, recent, expires_at, owner, body, collect_at)
    VALUES ('k', 'first', '', 0, NULL, '', now() + interval '1 hour')`)
  const removal = store.remove('k')
  await untilWaiting(pool, application)
  await theirs.query('COMMIT')
  expect(await removal).toBe(true)
  expect(await store.read('k')).toBe(null)
})

test('a connection that ends under a write rejects that write, and the next one gets another', async () => {
  const { store, application } = await opened('read committed')
  await store.insert('k', row('first'))
  const theirs = await transaction()
  await theirs.query(`SELECT FROM races_sessions WHERE key = 'k' FOR UPDATE`)
  const swap = store.swap('k', 'first', row('second')).catch((error: unknown) => error)
  await untilWaiting(pool, application)
  const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`
  await pool.query(end, [application])
  expect(await swap).toMatchObject({ code: '57P01' })
  await theirs.query('COMMIT')
  expect(await store.swap('k', 'first', row('second'))).toEqual({ won: true })
})

test('a deadlock with the application is settled by sending the statement again', async () => {
  const { store, application } = await opened('read committed', {
    settings: '-c deadlock_timeout=1s',
  })
  await store.insert('k', { ...row('first'), owner: 'ada' })
  await store.admit('ada', 'k', 1, Date.now(), MANY)
  await pool.query(`UPDATE races_sessions SET collect_at = now() - interval '1 hour'`)
  const theirs = await transaction()
  await theirs.query('SELECT FROM races_owned FOR UPDATE')
  const pruned = store.prune(10)
  await untilWaiting(pool, application)
  // Now each waits for the other; the store's side looks after a second, and gives way.
  await theirs.query(`SET LOCAL deadlock_timeout = '1min'`)
  await theirs.query('SELECT FROM races_sessions FOR UPDATE')
  await theirs.query('COMMIT')
  // A statement that is sent again before they commit skips the row that they hold: the next prune
  // finds it.
  expect((await pruned) + (await store.prune(10))).toBe(1)
  expect(await store.list('ada')).toEqual([])
})

test.for(['sessions expire', 'lists expire', 'keys are forgotten', 'a user is erased'])(
  'entries are locked in order, so that nobody waits in a circle: %s',
  async (what) => {
    const { store, application } = await opened('read committed')
    const keys = Array.from({ length: 40 }, (_, n) => `k${((n + 20) * 7919) % 41}`)
    for (const key of keys) {
      await store.admit('ada', key, 0, ENDS, MANY)
      await store.insert(key, { ...row('first'), owner: 'ada' })
    }
    const theirs = await transaction()
    const lock = `SELECT FROM races_owned WHERE key = $1 FOR UPDATE`
    const [first, ...others] = [...keys].sort()
    await theirs.query(lock, [first])
    const expire = (table: string) => pool.query(`UPDATE races_${table} SET collect_at = now()`)
    if (what === 'sessions expire') await expire('sessions')
    if (what === 'lists expire') await expire('owners')
    const deleting =
      what === 'keys are forgotten'
        ? store.forget('ada', keys)
        : what === 'a user is erased'
          ? store.erase('ada')
          : store.prune(100)
    await untilWaiting(pool, application)
    // If the store held one of these, this side would see the circle at once, and give way.
    await theirs.query(`SET LOCAL deadlock_timeout = '10ms'`)
    for (const key of others.reverse()) await theirs.query(lock, [key])
    await theirs.query('COMMIT')
    await deleting
    expect(await store.list('ada')).toEqual([])
  },
)

test.for(['40001', '40P01'])(
  'a swap the server rolls back each time (%s) has lost only if its row is another one by now',
  async (code) => {
    const { store } = await opened('read committed')
    await store.insert('k', row('first'))
    await failUpdates(code)
    // The same swap, sent before without a reply, can still be executed: unknown.
    const unknown = store.swap('k', 'first', row('second'))
    await expect(unknown).rejects.toMatchObject({ code })
    await expect(store.touch('k', Date.now() * 2)).rejects.toMatchObject({ code })
    const theirs = await transaction()
    await theirs.query(`
      SET LOCAL session_replication_role = replica;
      UPDATE races_sessions SET write = 'third' WHERE key = 'k';
      COMMIT`)
    const newest = row('third')
    expect(await store.swap('k', 'first', row('second'))).toEqual({ won: false, newest })
  },
)

test("any other failure is the caller's, as the client gave it", async () => {
  const { store } = await opened('read committed')
  await store.insert('k', row('first'))
  await failUpdates('53100')
  const lost = store.swap('k', 'first', row('second'))
  await expect(lost).rejects.toMatchObject({ code: '53100', message: 'as the test wants' })
  expect(await store.read('k')).toMatchObject(row('first'))
})

const ENDS = Date.now() + 3_600_000

function row(write: string): Row {
  return { write, recent: [], expiresAt: ENDS, owner: null, body: '' }
}

interface Opened {
  readonly store: PostgresStore
  readonly application: string
}

/** An empty store on a pool of its own, which works in that isolation level. */
async function opened(
  level: string,
  { max = 10, settings = '' }: { max?: number; settings?: string } = {},
): Promise<Opened> {
  const application = `races-${(pools += 1)}`
  const own: Pool = connectPool({
    ...isolated(level, settings),
    max,
    application_name: application,
  })
  return { store: await emptyStore(own, sqlOf(pool), NAME), application }
}

let pools = 0

/** A transaction of somebody else's; it is over with the test. */
async function transaction() {
  const client = await pool.connect()
  onTestFinished(async () => {
    await client.query('ROLLBACK')
    client.release()
  })
  await client.query('BEGIN')
  return client
}

/**
 * A login on a tablet, after one on a phone. It waits for a transaction that adds a laptop and makes
 * this change to the list.
 */
async function loginBehind(
  change: string,
  { store, application }: Opened,
  epoch: number,
  limit: Limit,
): Promise<Admission> {
  const until = Date.now() + 60_000
  await store.admit('ada', 'phone', epoch, until, MANY)
  const theirs = await transaction()
  await theirs.query(`
    UPDATE races_owners SET ${change};
    INSERT INTO races_owned (owner, key) VALUES ('ada', 'laptop')`)
  const login = store.admit('ada', 'tablet', epoch, until, limit)
  await untilWaiting(pool, application)
  await theirs.query('COMMIT')
  return login
}

/** Has the server refuse every update of a session, in this test. */
async function failUpdates(code: string): Promise<void> {
  await pool.query(`
    CREATE FUNCTION races_fail() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'as the test wants' USING ERRCODE = '${code}'; END $$;
    CREATE TRIGGER races_fail BEFORE UPDATE ON races_sessions
      FOR EACH STATEMENT EXECUTE FUNCTION races_fail();`)
  onTestFinished(async () => {
    await pool.query('DROP FUNCTION races_fail CASCADE')
  })
}

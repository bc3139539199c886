/** What a client has to show besides the conformance suite, by engine. */

import assert from 'node:assert/strict'
import { createSessions } from 'sojourn'
import { withSessions } from 'sojourn/fetch'
import { postgresStore } from 'sojourn/stores/postgres'
import { sqliteStore } from 'sojourn/stores/sqlite'
import { processHost } from '../suite/process-host.mjs'
import { count, fortyAtOnce, secret } from '../suite/site.mjs'

const newRow = () => ({
  write: 'w1',
  recent: [],
  expiresAt: Date.now() + 3_600_000,
  owner: null,
  body: '{}',
})

const ON_EVERY_ENGINE = {
  async '40 concurrent requests of one session are all answered, and count exactly'({ store }) {
    const host = processHost()
    // A machine with much else to do is not what is tested.
    const deadlines = { read: '1m', write: '1m', commit: '1m', queue: '1m' }
    const sessions = createSessions({ secret, store, deadlines })
    const counting = async (request) => new Response(await count(sessions.get(request)))
    try {
      await fortyAtOnce(await host.serve(withSessions(sessions, counting)), sessions)
    } finally {
      await host.close()
    }
  },

  async 'the settings of the server can be checked'({ store }) {
    const findings = await store.check()
    assert.ok(findings.every((sentence) => typeof sentence === 'string'))
  },
}

const WITH_A_SERVER = {
  async 'a connection that the server ends is replaced, and the rows are still there'(opened) {
    const { store, cut } = opened
    const row = newRow()
    assert.equal(await store.insert('k', row), true)
    await cut().catch(() => {})
    assert.equal((await sent(() => store.read('k'))).body, row.body)
    assert.deepEqual(await sent(() => store.swap('k', 'w1', { ...row, write: 'w2' })), {
      won: true,
    })
  },
}

const OF_REDIS = {
  async 'scripts that the server has forgotten are sent again'({ store, send }) {
    const row = newRow()
    await store.insert('k', row)
    await send('SCRIPT', ['FLUSH'])
    assert.deepEqual(await store.swap('k', 'w1', { ...row, write: 'w2' }), { won: true })
  },
}

const OF_POSTGRES = {
  async 'tables that are missing are reported by their code'({ client }) {
    const store = postgresStore(client, { prefix: 'runtime_nowhere_' })
    await assert.rejects(store.read('k'), { code: 'ERR_STORE_SCHEMA' })
  },

  async 'what may be inside a transaction of the app is refused'({ client, handles }) {
    const refused = { code: 'ERR_OPTION_INVALID', message: /inside a transaction of the app/ }
    await handles((handle) => assert.throws(() => postgresStore(handle), refused))
    postgresStore(client)
  },

  async 'a client of another database is refused'({ another }) {
    assert.throws(() => postgresStore(another()), {
      code: 'ERR_OPTION_INVALID',
      message: /a Pool of pg/,
    })
  },
}

const OF_SQLITE = {
  async 'a transaction of the application is refused'({ db, store }) {
    db.exec('BEGIN')
    await assert.rejects(store.insert('k', newRow()), { code: 'ERR_STORE_UNAVAILABLE' })
    db.exec('COMMIT')
    assert.equal(await store.insert('k', newRow()), true)
  },

  async 'a lock of another connection is waited for, and blocks no reads'(opened) {
    const { path, store, Database } = opened
    const other = new Database(path)
    other.exec('BEGIN IMMEDIATE')
    let isSettled = false
    const written = store.insert('k', newRow()).finally(() => (isSettled = true))
    for (let reads = 0; reads < 200; reads += 1) await store.read('k')
    assert.equal(isSettled, false)
    other.exec('COMMIT')
    assert.equal(await written, true)
    other.close()
  },

  async 'the file is in WAL mode, and every commit is synced'({ db, store }) {
    assert.deepEqual(await store.check(), [])
    assert.deepEqual(Object.values(db.prepare('PRAGMA synchronous').get()), [2])
    assert.deepEqual(Object.values(db.prepare('PRAGMA journal_mode').get()), ['wal'])
  },

  async 'tables that are missing are reported, before and after the first verb'(opened) {
    const { db, store, Database } = opened
    const missing = { code: 'ERR_STORE_SCHEMA' }
    const empty = new Database(':memory:')
    await assert.rejects(sqliteStore(empty).read('k'), missing)
    empty.close()
    await store.insert('k', newRow())
    db.exec('DROP TABLE sojourn_sessions; DROP TABLE sojourn_meta')
    await assert.rejects(store.read('k'), missing)
  },
}

/** The cases, by engine. */
export const OWN = {
  Redis: { ...ON_EVERY_ENGINE, ...WITH_A_SERVER, ...OF_REDIS },
  PostgreSQL: { ...ON_EVERY_ENGINE, ...WITH_A_SERVER, ...OF_POSTGRES },
  SQLite: { ...ON_EVERY_ENGINE, ...OF_SQLITE },
}

/** Sends again what had no answer, until the client has a connection. */
async function sent(send, most = 1000) {
  for (let refusals = 0; ; refusals += 1) {
    try {
      return await send()
    } catch (error) {
      if (refusals === most) throw error
      await new Promise((next) => setTimeout(next, 10))
    }
  }
}

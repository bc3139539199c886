/** Sessions in a SQLite file on Express: ours, and express-session with better-sqlite3-session-store. */

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import expressSession from 'express-session'
import { sqliteStore } from 'sojourn/stores/sqlite'
import { withExpressSession, withoutSessions, withSojourn } from '../http/express.ts'
import type { Servers } from '../http/serve.ts'
import { sessionsIn } from './sessions-in.ts'
import { loadSqlitePeer } from './sqlite-peer.ts'

const folder = process.env['SQLITE_FOLDER']!

export const servers: Servers = {
  none: withoutSessions,
  async sojourn() {
    // The store sets the file to WAL and synchronous=FULL: what was answered survives a power cut.
    const store = sqliteStore(new DatabaseSync(join(folder, 'ours.db')))
    await store.createSchema()
    return withSojourn(sessionsIn(store))
  },
  'express-session, better-sqlite3-session-store'() {
    const { Database, sessionStore } = loadSqlitePeer()
    const client = new Database(join(folder, 'theirs.db'))
    client.pragma('journal_mode = WAL')
    client.pragma('synchronous = NORMAL')
    const Store = sessionStore(expressSession)
    return withExpressSession(new Store({ client }))
  },
}

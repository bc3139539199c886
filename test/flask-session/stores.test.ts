/** Sessions shared with Flask-Session on each client of each engine: what another writer does meanwhile. */

import { DatabaseSync } from 'node:sqlite'
import { PGlite } from '@electric-sql/pglite'
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import pg from 'pg'
import postgres from 'postgres'
import { createClient } from 'redis'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { withSessions } from '../../src/adapters/fetch.ts'
import { flaskSessionLayout } from '../../src/flask/session/layout.ts'
import { flaskSessionRedis } from '../../src/flask/session/redis.ts'
import { serializerOf } from '../../src/flask/session/serializer.ts'
import { flaskSession, type FlaskSessionConfig } from '../../src/flask/session/flask-session.ts'
import { createSessions, type SessionEvent, type Sessions } from '../../src/index.ts'
import { fakeClock } from '../../src/testing/time/clock.ts'
import { bytesOf, SECRET_KEY, tables, wire } from './recorded.ts'

/** A store as Flask-Session has it: how it writes and removes a session there. */
interface Place {
  config: Partial<FlaskSessionConfig>
  /** What the session has stored. */
  read(id: string): Promise<Buffer | undefined>
  /** In milliseconds from now. */
  remaining(id: string): Promise<number>
  write(id: string, bytes: Uint8Array): Promise<void>
  remove(id: string): Promise<void>
  close(): Promise<unknown>
}

const PREFIX = `places-${process.pid}:`
const TABLE = `sessions_${process.pid}`
const NOW = Date.parse('2026-11-30T12:00:00Z')
const EXPIRY = '2026-12-31 12:00:00'
const HOUR = 3_600_000
/** How far a figure of a server's own clock may be off: the machine may be busy. In milliseconds. */
const MANY_MINUTES = 1_800_000
const clock = fakeClock(NOW)

async function redisPlace(
  client: FlaskSessionConfig['SESSION_REDIS'],
  close: () => Promise<unknown>,
): Promise<Place> {
  const side = new Redis(process.env['REDIS_URL']!)
  const key = (id: string) => PREFIX + id
  return {
    config: { SESSION_REDIS: client, SESSION_KEY_PREFIX: PREFIX },
    read: async (id) => (await side.getBuffer(key(id))) ?? undefined,
    remaining: (id) => side.pttl(key(id)),
    write: async (id, bytes) => void (await side.set(key(id), Buffer.from(bytes), 'EX', 2_678_400)),
    remove: async (id) => void (await side.del(key(id))),
    close: () => Promise.all([close(), side.quit()]),
  }
}

const ddl = (engine: string) => {
  const { ddl, table } = tables.find((one) => one.engine === engine)!
  return ddl[0]!.replace(table, TABLE)
}

type Rows = [string][]

function sqlPlace(
  client: NonNullable<FlaskSessionConfig['SESSION_SQLALCHEMY']>,
  run: (text: string) => Promise<Rows>,
  spell: (hex: string) => string,
  close: () => Promise<unknown>,
): Place {
  const at = (id: string) => `WHERE session_id = '${PREFIX}${id}'`
  const first = async (text: string) => (await run(text))[0]
  return {
    config: {
      SESSION_SQLALCHEMY: client,
      SESSION_SQLALCHEMY_TABLE: TABLE,
      SESSION_KEY_PREFIX: PREFIX,
    },
    async read(id) {
      const row = await first(`SELECT ${spell('')} FROM ${TABLE} ${at(id)}`)
      return row && bytesOf(row[0].toLowerCase())
    },
    async remaining(id) {
      const row = await first(`SELECT CAST(expiry AS TEXT) FROM ${TABLE} ${at(id)}`)
      return Date.parse(`${row![0].replace(' ', 'T')}Z`) - clock()
    },
    async write(id, bytes) {
      const value = spell(Buffer.from(bytes).toString('hex'))
      await run(`DELETE FROM ${TABLE} ${at(id)}`)
      await run(
        `INSERT INTO ${TABLE} (session_id, data, expiry) VALUES ('${PREFIX}${id}', ${value}, '${EXPIRY}')`,
      )
    },
    remove: async (id) => void (await run(`DELETE FROM ${TABLE} ${at(id)}`)),
    close,
  }
}

const inPostgres = (hex: string) => (hex === '' ? `encode(data, 'hex')` : `decode('${hex}', 'hex')`)
const inSqlite = (hex: string) => (hex === '' ? 'hex(data)' : `x'${hex}'`)

const PLACES: Record<string, () => Promise<Place>> = {
  async 'Redis, by node-redis'() {
    const client = createClient({ url: process.env['REDIS_URL']! })
    await client.connect()
    return redisPlace(client, () => client.close())
  },
  async 'Redis, by ioredis'() {
    const client = new Redis(process.env['REDIS_URL']!)
    return redisPlace(client, () => client.quit())
  },
  async 'Redis, by iovalkey'() {
    const client = new Valkey(process.env['REDIS_URL']!)
    return redisPlace(client, () => client.quit())
  },
  async 'PostgreSQL, by pg'() {
    const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'] })
    await pool.query(`DROP TABLE IF EXISTS ${TABLE}; ${ddl('postgresql')}`)
    const run = async (text: string) => (await pool.query({ text, rowMode: 'array' })).rows as Rows
    return sqlPlace(pool, run, inPostgres, async () => {
      await pool.query(`DROP TABLE ${TABLE}`)
      await pool.end()
    })
  },
  async 'PostgreSQL, by postgres'() {
    const sql = postgres(process.env['DATABASE_URL']!, { onnotice: () => {} })
    await sql.unsafe(`DROP TABLE IF EXISTS ${TABLE}; ${ddl('postgresql')}`)
    const run = async (text: string) => (await sql.unsafe(text).values()) as unknown as Rows
    return sqlPlace(sql, run, inPostgres, async () => {
      await sql.unsafe(`DROP TABLE ${TABLE}`)
      await sql.end()
    })
  },
  async PGlite() {
    const db = await PGlite.create()
    await db.exec(ddl('postgresql'))
    const run = async (text: string) =>
      (await db.query(text, [], { rowMode: 'array' })).rows as unknown as Rows
    return sqlPlace(db, run, inPostgres, () => db.close())
  },
  async SQLite() {
    const db = new DatabaseSync(':memory:')
    db.exec(ddl('sqlite'))
    const run = async (text: string) =>
      db
        .prepare(text)
        .all()
        .map((row) => Object.values(row)) as Rows
    return sqlPlace(db, run, inSqlite, async () => db.close())
  },
}

const ID = 'SRJ0CJjG9--UZY0Ndb62v8FWFZLNJ84UQ3G7RUM85T4'
const COOKIE = `session=${ID}`
const json = (value: unknown) => Buffer.from(JSON.stringify(value))

describe.each(Object.entries(PLACES))('a session that Flask shares in %s', (name, open) => {
  let place: Place
  let sessions: Sessions
  let events: SessionEvent[]

  beforeAll(async () => {
    place = await open()
  })
  afterAll(() => place?.close())
  beforeEach(async () => {
    events = []
    sessions = make()
    await place.remove(ID)
  })

  function make(more: Partial<FlaskSessionConfig> = {}): Sessions {
    return createSessions({
      ...flaskSession({
        SECRET_KEY,
        SESSION_SERIALIZATION_FORMAT: 'json',
        ...place.config,
        ...more,
      }),
      clock,
      onEvent: (event) => void events.push(event),
    })
  }

  const stored = async (id = ID) => JSON.parse((await place.read(id))?.toString() ?? 'null')
  const idOf = (headers: Headers) => /session=([\w-]+)/.exec(headers.get('set-cookie') ?? '')?.[1]

  it('is begun with `_permanent`, and its cookie is the id', async () => {
    const session = await sessions.open(undefined)
    session.set('cart', ['tea'])
    const headers = await session.commit()
    const id = idOf(headers)!
    expect(id).toHaveLength(43)
    expect(await stored(id)).toEqual({ _permanent: true, cart: ['tea'] })
    expect(Math.abs((await place.remaining(id)) - 2_678_400_000)).toBeLessThan(MANY_MINUTES)
    expect(headers.getSetCookie()[0]).toBe(
      `session=${id}; Expires=Thu, 31 Dec 2026 12:00:00 GMT; HttpOnly; Path=/`,
    )
    await place.remove(id)
  })

  it('all bytes are read and written', async () => {
    const packed = make({ SESSION_SERIALIZATION_FORMAT: 'msgpack' })
    const all = Uint8Array.from({ length: 256 }, (_, at) => at)
    const session = await packed.open(undefined)
    session.set('all', all)
    const id = idOf(await session.commit())!
    expect((await packed.open(`session=${id}`)).get('all')).toEqual(all)
    await place.remove(id)
  })

  it('what Flask writes between our read and our write is kept, and our change is, too', async () => {
    await place.write(ID, json({ _permanent: true, n: 1 }))
    const session = await sessions.open(COOKIE)
    session.update('n', (n: number) => n + 1)
    session.set('ours', true)
    await place.write(ID, json({ _permanent: true, n: 10, flask: 'é' }))
    await session.commit()
    expect(await stored()).toEqual({ _permanent: true, n: 11, flask: 'é', ours: true })
  })

  it('forty concurrent changes of two processes are all saved', async () => {
    const other = make()
    await place.write(ID, json({ _permanent: true }))
    await Promise.all(
      Array.from({ length: 40 }, async (_, at) => {
        const session = await (at % 2 === 0 ? sessions : other).open(COOKIE)
        session.update('n', (n: number = 0) => n + 1)
        await session.commit()
      }),
    )
    expect(await stored()).toEqual({ _permanent: true, n: 40 })
  })

  it('a session that Flask has ended meanwhile is not brought back', async () => {
    await place.write(ID, json({ _permanent: true, n: 1 }))
    const session = await sessions.open(COOKIE)
    session.set('n', 2)
    await place.remove(ID)
    await expect(session.commit()).rejects.toMatchObject({ code: 'ERR_SESSION_GONE' })
    expect(await place.read(ID)).toBeUndefined()
  })

  /** A request that only reads, while `meanwhile` happens. */
  async function visit(of: Sessions, meanwhile?: () => Promise<void>): Promise<Headers> {
    const handler = withSessions(of, async (request) => {
      expect((await of.get(request)).get('n')).toBe(1)
      await meanwhile?.()
      return new Response('read')
    })
    const headers = { cookie: COOKIE }
    return (await handler(new Request('http://localhost/', { headers }))).headers
  }

  it('a visit extends it, and does not write over what Flask has changed', async () => {
    await place.write(ID, json({ _permanent: true, n: 1 }))
    const before = await place.remaining(ID)
    clock.advance(-HOUR)
    const headers = await visit(sessions, () => place.write(ID, json({ _permanent: true, n: 2 })))
    clock.advance(HOUR)
    expect(await stored()).toEqual({ _permanent: true, n: 2 })
    // Redis counts by its own clock, a table has the time.
    const moved = name.startsWith('Redis') ? 0 : -HOUR
    expect(Math.abs((await place.remaining(ID)) - before - moved)).toBeLessThan(MANY_MINUTES)
    expect(headers.get('set-cookie')).toContain('Expires=Thu, 31 Dec 2026 11:00:00 GMT')
  })

  it('a session that is not permanent is extended, too, and its cookie is not sent again', async () => {
    await place.write(ID, json({ n: 1 }))
    const short = make({ PERMANENT_SESSION_LIFETIME: 86_400 })
    expect((await visit(short)).get('set-cookie')).toBeNull()
    expect(Math.abs((await place.remaining(ID)) - 24 * HOUR)).toBeLessThan(MANY_MINUTES)
  })

  it('without SESSION_REFRESH_EACH_REQUEST a visit extends nothing', async () => {
    await place.write(ID, json({ _permanent: true, n: 1 }))
    const still = make({ SESSION_REFRESH_EACH_REQUEST: false, PERMANENT_SESSION_LIFETIME: 600 })
    expect((await visit(still)).get('set-cookie')).toBeNull()
    expect(await place.remaining(ID)).toBeGreaterThan(2_678_400_000 - MANY_MINUTES)
  })

  it('a login gives a new id and removes the old one; a logout removes that', async () => {
    await place.write(ID, json({ _permanent: true, cart: ['tea'] }))
    const session = await sessions.open(COOKIE)
    session.login('7')
    const id = idOf(await session.commit())!
    expect(id).not.toBe(ID)
    expect(await place.read(ID)).toBeUndefined()
    expect(await stored(id)).toMatchObject({ cart: ['tea'], _user_id: '7', _fresh: true })
    const again = await sessions.open(`session=${id}`)
    expect(again.userId).toBe('7')
    again.logout()
    expect((await again.commit()).get('set-cookie')).toContain('Max-Age=0')
    expect(await place.read(id)).toBeUndefined()
  })

  it('`regenerate` does not bring back a session that Flask has ended meanwhile', async () => {
    await place.write(ID, json({ _permanent: true, _user_id: '7' }))
    const session = await sessions.open(COOKIE)
    session.regenerate()
    await place.remove(ID)
    expect(idOf(await session.commit())).toBeUndefined()
    expect(events).toContainEqual(expect.objectContaining({ type: 'ended-meanwhile' }))
  })

  it('a login keeps what Flask has written meanwhile, under the new id', async () => {
    await place.write(ID, json({ _permanent: true, cart: ['tea'] }))
    const session = await sessions.open(COOKIE)
    session.login('7')
    await place.write(ID, json({ _permanent: true, cart: ['tea', 'milk'] }))
    const id = idOf(await session.commit())!
    expect(await stored(id)).toMatchObject({ cart: ['tea', 'milk'], _user_id: '7' })
    await place.remove(id)
  })

  it('a session that we empty stays, if Flask has written to it meanwhile', async () => {
    await place.write(ID, json({ _permanent: true, a: 1 }))
    const session = await sessions.open(COOKIE)
    session.delete('a')
    await place.write(ID, json({ _permanent: true, a: 1, b: 2 }))
    await session.commit()
    expect(await stored()).toEqual({ _permanent: true, b: 2 })
  })

  it('`regenerate` gives a new id, and the old one is gone', async () => {
    await place.write(ID, json({ _permanent: true, cart: ['tea'] }))
    const session = await sessions.open(COOKIE)
    session.regenerate()
    const id = idOf(await session.commit())!
    expect(await place.read(ID)).toBeUndefined()
    expect(await stored(id)).toEqual({ _permanent: true, cart: ['tea'] })
    await place.remove(id)
  })

  it('an id that nobody has made is never taken over', async () => {
    const session = await sessions.open(COOKIE)
    session.set('cart', ['tea'])
    const id = idOf(await session.commit())!
    expect(id).not.toBe(ID)
    expect(await place.read(ID)).toBeUndefined()
    expect(events).toContainEqual(expect.objectContaining({ type: 'rejected', reason: 'gone' }))
    await place.remove(id)
  })

  it('pickle is not read: the visitor is a stranger, an event says so, and it is left as it is', async () => {
    const { value_hex: pickle } = wire.recorded_flask_session_0_3_2.runs[0]!.steps[1]!.redis[0]!
    await place.write(ID, bytesOf(pickle))
    const session = await sessions.open(COOKIE)
    expect(session.isNew).toBe(true)
    expect(events).toContainEqual(expect.objectContaining({ type: 'rejected', reason: 'corrupt' }))
    session.set('cart', ['tea'])
    const id = idOf(await session.commit())!
    expect(id).not.toBe(ID)
    expect((await place.read(ID))?.toString('hex')).toBe(pickle)
    await place.remove(id)
  })

  it('the other format is read, and written in the configured one', async () => {
    await place.write(ID, bytesOf('82aa5f7065726d616e656e74c3a7757365725f696407'))
    const session = await sessions.open(COOKIE)
    session.set('more', 'é')
    await session.commit()
    expect((await place.read(ID))!.toString()).toBe('{"_permanent":true,"user_id":7,"more":"é"}')
  })

  it('`clear` keeps `_permanent`: what is set afterwards is a session of the same kind', async () => {
    for (const isPermanent of [true, false]) {
      await place.write(ID, json({ _permanent: isPermanent, a: 1 }))
      const session = await sessions.open(COOKIE)
      session.clear()
      session.set('b', 2)
      await session.commit()
      expect(await stored()).toEqual({ _permanent: isPermanent, b: 2 })
    }
  })

  it('nothing but `_permanent` is no session: it is removed, and nothing is begun', async () => {
    await place.write(ID, json({ _permanent: true, a: 1 }))
    const session = await sessions.open(COOKIE)
    session.delete('a')
    expect((await session.commit()).get('set-cookie')).toContain('Max-Age=0')
    expect(await place.read(ID)).toBeUndefined()
    const stranger = await sessions.open(undefined)
    stranger.permanent = false
    expect((await stranger.commit()).get('set-cookie')).toBeNull()
  })
})

describe('what only Redis can hold', () => {
  const list = 'list0CJjG9--UZY0Ndb62v8FWFZLNJ84UQ3G7RUM85T4'
  let client: Redis
  beforeAll(() => {
    client = new Redis(process.env['REDIS_URL']!)
  })
  afterAll(() => client.quit())

  const opened = async (id: string) => {
    const events: SessionEvent[] = []
    const sessions = createSessions({
      ...flaskSession({ SECRET_KEY, SESSION_REDIS: client, SESSION_KEY_PREFIX: PREFIX }),
      onEvent: (event) => void events.push(event),
    })
    const session = await sessions.open(`session=${id}`)
    return { session, reason: events.find(({ type }) => type === 'rejected') }
  }

  it('a key of another type is no session, and no error', async () => {
    await client.rpush(PREFIX + list, 'x')
    expect((await opened(list)).reason).toMatchObject({ reason: 'corrupt' })
    await client.del(PREFIX + list)
  })

  it('an extension writes no data: what Flask has written since stays, and what it has ended', async () => {
    const { codec } = flaskSessionLayout('json', true)
    const serializer = serializerOf('json', codec)
    const store = flaskSessionRedis(client, { prefix: PREFIX, clock: Date.now, serializer })
    const entry = { text: '{"old":1}', expiresAt: Date.now() + 24 * HOUR }
    await client.set(PREFIX + list, '{"new":1}', 'EX', 3600)
    await store.touch!(list, entry, entry)
    expect(await client.get(PREFIX + list)).toBe('{"new":1}')
    expect(await client.pttl(PREFIX + list)).toBeGreaterThan(12 * HOUR)
    await client.del(PREFIX + list)
    await store.touch!(list, entry, entry)
    expect(await client.exists(PREFIX + list)).toBe(0)
  })

  it('an empty value is none, as in Flask-Session', async () => {
    await client.set(PREFIX + list, '', 'EX', 10)
    expect((await opened(list)).reason).toMatchObject({ reason: 'gone' })
    await client.del(PREFIX + list)
  })

  it.each(['', 'short', '../../x', 'a'.repeat(201), `${ID}.sig`, '*'.repeat(43)])(
    'the id %j is never looked up',
    async (id) => {
      // Not the statistics of the server, which other test files use at the same time.
      const sent = vi.spyOn(client, 'sendCommand')
      const { session } = await opened(id)
      expect(session.isNew).toBe(true)
      expect(sent).not.toHaveBeenCalled()
      await opened('A'.repeat(43))
      expect(sent).toHaveBeenCalled()
      sent.mockRestore()
    },
  )
})

describe("a row of SQLAlchemy's table that Flask-Session 0.8.0 has written", () => {
  const schema = `flask_${process.pid}`
  let pool: pg.Pool
  beforeAll(async () => {
    pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'] })
    await pool.query(`CREATE SCHEMA ${schema}`)
  })
  afterAll(async () => {
    await pool.query(`DROP SCHEMA ${schema} CASCADE`)
    await pool.end()
  })

  const recorded = tables.map((run) => [`${run.engine}, ${run.format}`, run] as const)

  it.each(recorded)('opens under its cookie, and is written as it was: %s', async (_name, run) => {
    const { engine, row } = run
    const table = engine === 'sqlite' ? run.table : `${schema}.${run.table}`
    const db = engine === 'sqlite' ? new DatabaseSync(':memory:') : undefined
    const all = async (text: string) =>
      (db ? db.prepare(text).all() : (await pool.query(text)).rows) as Record<string, string>[]
    await all(run.ddl[0]!.replace(run.table, table))
    const value = db ? inSqlite(row.data_hex) : inPostgres(row.data_hex)
    await all(`INSERT INTO ${table} (session_id, data, expiry)
      VALUES ('${row.session_id}', ${value}, '${row.expiry}')`)
    const now = fakeClock(Date.parse(`${row.expiry.replace(' ', 'T')}Z`) - 31 * 24 * HOUR)
    const sessions = createSessions({
      ...flaskSession({
        SECRET_KEY,
        SESSION_SQLALCHEMY: db ?? pool,
        SESSION_SQLALCHEMY_TABLE: run.table,
        SESSION_SQLALCHEMY_SCHEMA: db ? null : schema,
        SESSION_SERIALIZATION_FORMAT: run.format,
      }),
      clock: now,
    })
    const cookie = run.set_cookie.split(';')[0]!
    const session = await sessions.open(cookie)
    expect(session.get('name')).toBe('é😀')
    session.set('more', 1)
    session.delete('more')
    await session.commit()
    const [found] = await all(`SELECT CAST(expiry AS TEXT) AS expiry,
      ${db ? 'hex(data) AS data, typeof(data) AS type' : `encode(data, 'hex') AS data, pg_typeof(data)::text AS type`}
      FROM ${table}`)
    expect(found!['data']!.toLowerCase()).toBe(row.data_hex)
    expect(found!['type']).toBe(row.types[0])
    // Python has microseconds, we have milliseconds.
    expect(found!['expiry']!.padEnd(26, '0').slice(0, 23)).toBe(row.expiry.slice(0, 23))
    if (db) expect(found!['expiry']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/)
    now.advance(31 * 24 * HOUR)
    expect((await sessions.open(cookie)).isNew).toBe(true)
    db?.close()
  })
})

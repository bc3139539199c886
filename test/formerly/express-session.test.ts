/** The preset of express-session: the cookie and the rows of the real library, read and written. */

import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { RedisStore } from 'connect-redis'
import real from 'express-session'
import { Pool } from 'pg'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSessions } from 'sojourn'
import { sessionMiddleware } from 'sojourn/express'
import { expressSession } from 'sojourn/formerly'
import { fakeClock } from 'sojourn/testing'
import { signedIds } from '../../src/formerly/signed-id.ts'
import { type Site, startSite, visitorOf } from '../adapters/express-session/site.ts'

// Its types are a package of their own, which nothing else here needs.
const pgSimple = createRequire(import.meta.url)('connect-pg-simple') as (
  library: typeof real,
) => new (options: object) => real.Store

const secret = 'an evening walk by the quiet harbour'
const older = 'a morning swim at the quiet harbour'

let client: ReturnType<typeof createClient>
let pool: Pool
const unique = randomUUID()
const table = `session_${unique.replaceAll('-', '')}`
beforeAll(async () => {
  client = createClient({ url: process.env['REDIS_URL']! })
  await client.connect()
  pool = new Pool({ connectionString: process.env['DATABASE_URL'] })
  await pool.query(
    `CREATE TABLE "${table}" (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL)`,
  )
})
afterAll(async () => {
  client.destroy()
  await pool.end()
})

const STORES: [name: string, make: () => real.Store][] = [
  ['MemoryStore', () => new real.MemoryStore()],
  ['connect-redis', () => new RedisStore({ client, prefix: `${unique}:` })],
  [
    'connect-pg-simple',
    () => new (pgSimple(real))({ pool, tableName: table, pruneSessionInterval: false }),
  ],
]

const DATA = {
  user: { name: 'ann', roles: ['a', 'b'] },
  ' di': { ' di': 1 },
  n: 1e21,
  ünï: 'ß\u2028',
}

describe.each(STORES)('with %s', (_name, make) => {
  let before: Site
  let after: Site
  beforeAll(async () => {
    const store = make()
    before = await startSite((app) => {
      app.use(
        real({
          secret: older,
          store,
          resave: false,
          saveUninitialized: false,
          cookie: { maxAge: 3_600_000, sameSite: 'lax' },
        }),
      )
      app.get('/set', (req: any, res) => res.json(Object.assign(req.session, DATA)))
      app.get('/short', (req: any, res) => {
        req.session.cookie.maxAge = 60_000
        req.session.short = true
        res.json({})
      })
      app.get('/look', (req: any, res) => {
        const { cookie, ...data } = JSON.parse(JSON.stringify(req.session))
        res.json({ data, originalMaxAge: cookie.originalMaxAge, sameSite: cookie.sameSite })
      })
      app.get('/logout', (req: any, res) => req.session.destroy(() => res.json({})))
    })
    const sessions = createSessions(
      expressSession({
        secret: [secret, older],
        store,
        cookie: { maxAge: 3_600_000, sameSite: 'lax' },
      }),
    )
    after = await startSite((app) => {
      app.use(sessionMiddleware(sessions))
      app.get('/look', async (req, res) => {
        res.json(Object.fromEntries(await sessions.get(req)))
      })
      app.get('/add', async (req, res) => {
        ;(await sessions.get(req)).set('added', [1])
        res.json({})
      })
      app.get('/logout', async (req, res) => {
        ;(await sessions.get(req)).logout()
        res.json({})
      })
    })
  })
  afterAll(async () => {
    await before.stop()
    await after.stop()
  })

  test('a visitor of express-session is read, without the attributes of the cookie', async () => {
    const ann = before.visitor()
    await ann.get('/set')
    const moved = visitorOf(after.url, ann.cookies)
    expect((await moved.get('/look')).json).toEqual(DATA)
  })

  test('what is written is read by express-session, whose cookie attributes are preserved', async () => {
    const ann = before.visitor()
    await ann.get('/set')
    await ann.get('/short')
    const given = new Map(ann.cookies)
    // The older server has the older secret only.
    await visitorOf(after.url, new Map(given)).get('/add')
    const { json } = await visitorOf(before.url, given).get('/look')
    expect(json).toEqual({
      data: { ...DATA, short: true, added: [1] },
      originalMaxAge: 60_000,
      sameSite: 'lax',
    })
  })

  test('the cookie is written anew under the current secret', async () => {
    const ann = before.visitor()
    await ann.get('/set')
    const moved = visitorOf(after.url, ann.cookies)
    expect((await moved.get('/add')).setCookie).toHaveLength(1)
    expect((await moved.get('/look')).setCookie).toEqual([])
  })

  test('a logout on either side is one on both', async () => {
    const [ann, bob] = [before.visitor(), before.visitor()]
    await ann.get('/set')
    await bob.get('/set')
    const [annsCookie, bobsCookie] = [new Map(ann.cookies), new Map(bob.cookies)]
    await visitorOf(after.url, new Map(annsCookie)).get('/logout')
    expect((await visitorOf(before.url, annsCookie).get('/look')).json.data).toEqual({})
    await bob.get('/logout')
    expect((await visitorOf(after.url, bobsCookie).get('/look')).json).toEqual({})
  })

  test('a cookie that was changed is not looked up', async () => {
    const ann = before.visitor()
    await ann.get('/set')
    const [[name, value]] = [...ann.cookies] as [[string, string]]
    const id = /^s%3A([^.]*)/.exec(value)![1]!
    const flipped = value.slice(0, -1) + (value.endsWith('A') ? 'B' : 'A')
    for (const forged of [id, `s%3A${id}`, `s%3A${id}.`, value.replace('s%3A', 'j%3A'), flipped]) {
      const moved = visitorOf(after.url, new Map([[name, forged]]))
      expect((await moved.get('/look')).json).toEqual({})
    }
  })
})

test('a row is believed as long as the store returns it: touch need not have changed its expiry', async () => {
  const row = { cookie: { originalMaxAge: 1000, expires: new Date(0).toISOString() }, n: 1 }
  const touched: unknown[] = []
  const store = {
    get: (_id: string, done: (error: unknown, row?: object) => void) => done(null, row),
    set: (_id: string, _row: object, done?: () => void) => done?.(),
    destroy: (_id: string, done?: () => void) => done?.(),
    touch: (_id: string, data: object, done?: () => void) => {
      touched.push(data)
      done?.()
    },
  }
  const clock = fakeClock()
  const sessions = createSessions({ ...expressSession({ secret, store }), clock })
  const value = signedIds([Buffer.from(secret)]).spell('an-id')
  const session = await sessions.open(`connect.sid=${value}`)
  expect(session.get('n')).toBe(1)
  await session.commit()
  // As express-session gives it to stores.
  const [data] = touched as { cookie: { expires: Date; maxAge: number } }[]
  expect(data).toMatchObject({
    cookie: { originalMaxAge: 1000, expires: new Date(clock() + 1000) },
    n: 1,
  })
  expect(data!.cookie.maxAge).toBe(1000)
})

test('touch gets a Date where the store has returned one: connect-mongo calls lastModified.getTime()', async () => {
  const touched: number[] = []
  const lastModified = new Date(1_700_000_000_000)
  const store = {
    get: (_id: string, done: (error: unknown, row?: object) => void) =>
      done(null, { cookie: { originalMaxAge: 1000 }, at: '2026-11-30', lastModified }),
    set: (_id: string, _row: object, done?: () => void) => done?.(),
    destroy: (_id: string, done?: () => void) => done?.(),
    // As in connect-mongo, with its option `touchAfter`.
    touch: (_id: string, row: any, done: (error?: unknown) => void) => {
      touched.push(row.lastModified.getTime())
      expect(row.at).toBe('2026-11-30')
      done()
    },
  }
  const events: string[] = []
  const sessions = createSessions({
    ...expressSession({ secret, store }),
    onEvent: (event) => events.push(event.type),
  })
  const value = signedIds([Buffer.from(secret)]).spell('an-id')
  await (await sessions.open(`connect.sid=${value}`)).commit()
  expect(touched).toEqual([lastModified.valueOf()])
  expect(events).not.toContain('touch-failed')
})

test.each<[object, RegExp]>([
  [{ store: {} }, /"store" has to be a store of express-session/],
  [{ resave: false }, /"resave" is not known/],
  [{ cookie: { maxAge: '1d' } }, /"cookie.maxAge" has to be a number/],
  [{ cookie: { secure: 'auto' } }, /"cookie.secure" is 'auto'/],
  [{ userId: 'cookie' }, /"userId" has to be/],
])('%j is refused', (options, message) => {
  const given = { secret, store: new real.MemoryStore(), ...options }
  expect(() => createSessions(expressSession(given))).toThrow(message)
})

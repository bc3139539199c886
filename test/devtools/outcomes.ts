/** Each cause of an empty session, provoked on purpose, and what a developer reads about it. */

// @ts-expect-error -- it has no types of its own; those of Express 5 are close enough
import express4 from 'express4'
import type { Request, Response } from 'express'
import { createClient } from 'redis'
import { onTestFinished } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { inspector } from '../../src/devtools/devtools.ts'
import { createSessions, type StoredSessions } from '../../src/index.ts'
import { redisStore } from '../../src/stores/redis/redis.ts'
import { storeOf } from '../promises/stores.ts'
import { startRedis } from '../servers/redis.ts'
import { forge } from '../session/visitor.ts'
import { appWith, OLD_SECRET, SECRET, type Served, served, T0 } from './app.ts'

/** A cause, as the first column of its table says it. */
export interface Outcome {
  readonly cause: string
  /** What tells several cases of one cause apart. */
  readonly variant?: string
  /** The title of the entry in the inspector's timeline; `warning`: the console's line. */
  readonly entry: string
  /** What happens, up to the symptom; a cookie that is to be explained, too. */
  provoke(): Promise<{ app: Served; cookie?: string | undefined; symptom: unknown }>
  /** What the page says the visitor sees. */
  readonly symptom: unknown
}

const base64url = (text: string) => Buffer.from(text).toString('base64url')

/** Text that cannot be compressed, the same each time. */
const LARGE = Array.from({ length: 6000 }, (_, at) =>
  String.fromCharCode(33 + ((at * at * 31 + at * 17) % 9000)),
).join('')

/** What a visitor with this cookie is to the app. */
async function visitorOf(app: Served, cookie: string) {
  const { body } = await app.ask('/', { headers: { cookie } })
  return { app, cookie, symptom: body }
}

async function appOnSqlite() {
  const clock = { now: T0 }
  const opened = await storeOf('SQLite', () => clock.now)
  return { ...opened, app: await appWith({ store: opened.store }, { clock }) }
}

function revokeUser(app: { sessions: object }, userId: string): Promise<unknown> {
  return (app.sessions as StoredSessions).revokeUser(userId)
}

/** A visitor of the app as it was before: with another secret, or other options. */
async function cookieFrom(
  options: Parameters<typeof appWith>[0],
  path = '/write',
  at = T0,
): Promise<string> {
  const before = await appWith({ ...options, clock: () => at })
  return (await before.ask(path)).cookie!
}

export const CAUSES: readonly Outcome[] = [
  {
    cause: 'The cookie is `Secure` and the page is plain HTTP',
    entry: 'insecure',
    async provoke() {
      const app = await appWith({ cookie: { secure: true } })
      // A browser that drops the cookie sends none the next time.
      await app.ask('/write')
      return { app, symptom: (await app.ask('/')).body }
    },
    symptom: 'nobody',
  },
  {
    cause: 'The secret is new on each start, or differs between servers',
    entry: 'rejected',
    async provoke() {
      const cookie = await cookieFrom({ secret: OLD_SECRET }, '/write', T0 - 60_000)
      return visitorOf(await appWith(), cookie)
    },
    symptom: 'nobody',
  },
  {
    cause: 'The secret is new on each start, or differs between servers',
    variant: 'with `encrypt`',
    entry: 'rejected',
    async provoke() {
      const cookie = await cookieFrom({ secret: OLD_SECRET, encrypt: true }, '/write', T0 - 60_000)
      return visitorOf(await appWith({ encrypt: true }), cookie)
    },
    symptom: 'nobody',
  },
  {
    cause:
      'Another program on this host has a cookie of the same name (ports do not separate cookies)',
    entry: 'rejected',
    async provoke() {
      const app = await appWith()
      return visitorOf(app, 'session=s%3AsQX2n0oP.Zq9dYkT2mVbXcLwR8uJfHg')
    },
    symptom: 'nobody',
  },
  {
    cause:
      'Another program on this host has a cookie of the same name (ports do not separate cookies)',
    variant: 'it uses Sojourn, too',
    entry: 'rejected',
    async provoke() {
      const cookie = await cookieFrom({ secret: OLD_SECRET }, '/write', T0 + 60_000)
      return visitorOf(await appWith(), cookie)
    },
    symptom: 'nobody',
  },
  {
    cause: '`encrypt` was turned on, and the cookie is from before',
    entry: 'rejected',
    async provoke() {
      const cookie = await cookieFrom({})
      return visitorOf(await appWith({ encrypt: true }), cookie)
    },
    symptom: 'nobody',
  },
  {
    cause: 'An old cookie with another `Domain` or `Path` is still there',
    entry: 'duplicates',
    async provoke() {
      const app = await appWith()
      const { cookie } = await app.ask('/write')
      return visitorOf(app, `session=old; ${cookie}`)
    },
    symptom: '1',
  },
  {
    cause: 'Two host names: `localhost` and `127.0.0.1`, with and without `www.`',
    entry: 'warning',
    async provoke() {
      const app = await appWith()
      await app.ask('/write')
      const other = await app.ask('/write', { headers: { host: '127.0.0.1:3000' } })
      return { app, symptom: other.cookie !== undefined }
    },
    symptom: true,
  },
  {
    cause: '`fetch` from another origin without credentials',
    entry: 'warning',
    async provoke() {
      const app = await appWith()
      const headers = { origin: 'http://localhost:5173', 'sec-fetch-site': 'same-site' }
      return { app, symptom: (await app.ask('/', { headers })).body }
    },
    symptom: 'nobody',
  },
  {
    cause: 'A form or a payment provider on another site sends a POST to you',
    entry: 'warning',
    async provoke() {
      const app = await appWith()
      const headers = {
        origin: 'https://pay.example',
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
      }
      return { app, symptom: (await app.ask('/', { method: 'POST', headers })).body }
    },
    symptom: 'nobody',
  },
  {
    cause:
      'The session expired: idle timeout (`lifetime.idle`) or absolute timeout (`lifetime.absolute`)',
    variant: 'idle timeout',
    entry: 'rejected',
    async provoke() {
      const app = await appWith({ lifetime: { idle: '2h' } })
      const { cookie } = await app.ask('/write')
      app.clock.now += 3 * 3_600_000
      return visitorOf(app, cookie!)
    },
    symptom: 'nobody',
  },
  {
    cause:
      'The session expired: idle timeout (`lifetime.idle`) or absolute timeout (`lifetime.absolute`)',
    variant: 'absolute timeout',
    entry: 'rejected',
    async provoke() {
      const app = await appWith({ lifetime: { idle: '2h', absolute: '12h' } })
      let { cookie } = await app.ask('/write')
      for (let hour = 0; hour < 12; hour++) {
        app.clock.now += 3_600_000
        cookie = (await app.ask('/write', { headers: { cookie: cookie! } })).cookie ?? cookie
      }
      app.clock.now += 1000
      return visitorOf(app, cookie!)
    },
    symptom: 'nobody',
  },
  {
    cause: 'Two concurrent requests, without a store',
    entry: 'warning',
    async provoke() {
      let arrived = 0
      let open = () => {}
      const both = new Promise<void>((resolve) => (open = resolve))
      const app = await appWith(
        {},
        {
          routes(express, sessions) {
            express.get('/slow', async (req, res) => {
              const session = await sessions.get(req)
              if (++arrived === 2) open()
              await both
              session.update('visits', (visits = 0) => visits + 1)
              res.send('ok')
            })
          },
        },
      )
      const headers = { cookie: (await app.ask('/write')).cookie! }
      const answers = await Promise.all([
        app.ask('/slow', { headers }),
        app.ask('/slow', { headers }),
      ])
      // Three visits, and the browser has the cookie of the last response.
      return { app, symptom: (await visitorOf(app, answers[1].cookie!)).symptom }
    },
    symptom: '2',
  },
  {
    cause: 'The session was ended by a logout or revocation, or the store was emptied',
    entry: 'rejected',
    async provoke() {
      const { app } = await appOnSqlite()
      const { cookie } = await app.ask('/login')
      await app.ask('/logout', { headers: { cookie: cookie! } })
      return visitorOf(app, cookie!)
    },
    symptom: 'nobody',
  },
  {
    cause: 'The store is unavailable',
    entry: 'open-failed',
    async provoke() {
      const redis = await startRedis({ appendonly: 'everysec' })
      onTestFinished(() => redis.stop())
      const client = createClient({
        url: redis.url,
        disableOfflineQueue: true,
        socket: { reconnectStrategy: false },
      })
      client.on('error', () => {})
      await client.connect()
      onTestFinished(() => client.destroy())
      const app = await appWith({ store: redisStore(client, { clock: () => T0 }) })
      const { cookie } = await app.ask('/login')
      const closed = new Promise((resolve) => client.once('error', resolve))
      await redis.kill()
      await closed
      const headers = { cookie: cookie! }
      return { app, cookie, symptom: (await app.ask('/', { headers })).status }
    },
    symptom: 503,
  },
  {
    cause: 'A change after the response headers were sent',
    entry: 'warning',
    async provoke() {
      const thrown: unknown[] = []
      const app = await appWith(
        {},
        {
          routes(express, sessions) {
            express.get('/late', async (req, res) => {
              const session = await sessions.get(req)
              res.send('ok')
              try {
                session.set('visits', 1)
              } catch (error) {
                thrown.push((error as { code?: string }).code)
              }
            })
          },
        },
      )
      await app.ask('/late')
      return { app, symptom: thrown }
    },
    symptom: ['ERR_SESSION_COMMITTED'],
  },
  {
    cause: 'The cookie would be too large',
    entry: 'commit-failed',
    async provoke() {
      const app = await appWith(
        {},
        {
          routes(express, sessions) {
            express.get('/large', async (req, res) => {
              const session = await sessions.get(req)
              session.set('photo', LARGE).set('theme', 'dark')
              res.send('ok')
            })
          },
        },
      )
      return { app, symptom: (await app.ask('/large')).status }
    },
    symptom: 500,
  },
  {
    cause: 'No middleware, or after the routes',
    entry: 'warning',
    async provoke() {
      const app = await appWith(
        {},
        {
          before(express, sessions) {
            express.get('/early', async (req, res) => {
              const session = await sessions.get(req)
              res.send(session.userId)
            })
          },
        },
      )
      return { app, symptom: (await app.ask('/early')).status }
    },
    symptom: 500,
  },
  {
    cause: '`await` is missing',
    entry: 'warning',
    async provoke() {
      const app = await appWith(
        {},
        {
          routes(express, sessions) {
            express.get('/no-await', (req, res) => {
              const session = sessions.get(req) as unknown as { userId?: string }
              res.send(String(session.userId))
            })
          },
        },
      )
      return { app, symptom: (await app.ask('/no-await')).body }
    },
    symptom: 'undefined',
  },
  {
    cause: '`await` is missing',
    variant: 'after a guard',
    entry: 'guard-unheeded',
    async provoke() {
      const app = await appWith(
        {},
        {
          routes(express, sessions) {
            express.get('/account', (req, res) => {
              void sessions.signedIn(req)
              res.send('the account')
            })
          },
        },
      )
      return { app, symptom: (await app.ask('/account')).status }
    },
    symptom: 401,
  },
  {
    cause: 'Express 4, and an error in an async handler',
    entry: 'guard-unheeded',
    async provoke() {
      const sessions = createSessions<any>({ secret: SECRET, clock: () => T0 })
      const app = express4()
      app.use(inspector(sessions), sessionMiddleware(sessions))
      app.get('/account', async (req: Request, res: Response) => {
        await sessions.signedIn(req)
        res.send('the account')
      })
      const at = await served(app)
      return { app: at, symptom: (await at.ask('/account')).status }
    },
    symptom: 401,
  },
]

/** Each reason of the event `rejected`. */
export const REASONS: readonly Outcome[] = [
  reason('malformed', async () => visitorOf(await appWith(), 'session=hello')),
  reason('signature', async () =>
    visitorOf(await appWith(), await cookieFrom({ secret: OLD_SECRET }, '/write', T0 + 60_000)),
  ),
  reason('unknown-key', async () =>
    visitorOf(
      await appWith({ encrypt: true }),
      await cookieFrom({ secret: OLD_SECRET, encrypt: true }),
    ),
  ),
  reason('payload', async () => visitorOf(await appWith(), forge(base64url('{}')))),
  reason('expired', async () => {
    const app = await appWith({ lifetime: { idle: '2h' } })
    const { cookie } = await app.ask('/write')
    app.clock.now += 3 * 3_600_000
    return visitorOf(app, cookie!)
  }),
  reason('expired-absolute', async () =>
    visitorOf(await appWith({ lifetime: { absolute: '1d' } }), forge(base64url('["5",{}]'))),
  ),
  reason('gone', async () => {
    const { app } = await appOnSqlite()
    const { cookie } = await app.ask('/login')
    await revokeUser(app, 'ada')
    return visitorOf(app, cookie!)
  }),
  reason('revoked', async () => {
    const { app, loseList } = await appOnSqlite()
    const { cookie } = await app.ask('/login')
    await loseList('ada')
    await revokeUser(app, 'ada')
    return visitorOf(app, cookie!)
  }),
  reason('superseded', async () => {
    const { app } = await appOnSqlite()
    const { cookie } = await app.ask('/write')
    await app.ask('/login', { headers: { cookie: cookie! } })
    return visitorOf(app, cookie!)
  }),
  reason('replayed', async () => {
    const { app } = await appOnSqlite()
    const { cookie } = await app.ask('/login')
    app.clock.now += 60_000
    const renewed = await app.ask('/renew', { headers: { cookie: cookie! } })
    await visitorOf(app, renewed.cookie!)
    app.clock.now += 60_000
    return visitorOf(app, cookie!)
  }),
  reason('corrupt', async () => {
    const { app, store } = await appOnSqlite()
    const { cookie } = await app.ask('/write')
    const [key] = (await app.state(cookie)).handle!.split('.')
    const row = (await store.read(key!))!
    await store.swap(key!, row.write, { ...row, write: 'another.1', body: 'not ours' } as never)
    return visitorOf(app, cookie!)
  }),
  reason('future', async () =>
    visitorOf(await appWith(), forge(base64url('["",{}]'), { seconds: T0 / 1000 + 600 })),
  ),
]

function reason(cause: string, provoke: Outcome['provoke']): Outcome {
  return { cause, entry: 'rejected', provoke, symptom: 'nobody' }
}

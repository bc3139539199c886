/**
 * Replays what a real Flask with Flask-Session 0.8.0 was recorded to do: cookies, Vary, the keys in
 * Redis, their bytes and times to live.
 *
 * Deviations, each with its reason in docs/moving/flask-session.md: a cookie is removed with all of its
 * attributes, and only where a browser has sent one.
 */

import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withSessions } from '../../src/adapters/fetch.ts'
import { flaskSession } from '../../src/flask/session/flask-session.ts'
import { createSessions, type Session, type Sessions } from '../../src/index.ts'
import { markup } from '../../src/flask/flask.ts'
import { bytesOf, type RecordedRun, type RecordedStep, SECRET_KEY, wire } from './recorded.ts'

const { runs } = wire.recorded_flask_session_0_8_0

let client: Redis
beforeAll(() => {
  client = new Redis(process.env['REDIS_URL']!)
})
afterAll(() => client.quit())

/** A prefix of this run's own in front of the recorded one: other tests share the server. */
const own = `recorded-${process.pid}:`

function sessionsOf({ config }: RecordedRun, clock: () => number): Sessions {
  const { SESSION_KEY_PREFIX: prefix = 'session:' } = config as { SESSION_KEY_PREFIX?: string }
  return createSessions({
    ...flaskSession({
      ...config,
      SECRET_KEY,
      SESSION_REDIS: client,
      SESSION_KEY_PREFIX: own + prefix,
    }),
    clock,
  })
}

/** The values that the recorded app sets at /set, of which only some runs set all. */
function setValues(session: Session, { name }: RecordedRun): void {
  session.set('user_id', 7)
  if (name === 'default' || name === 'json') {
    session.set('name', 'é😀')
    session.set('f', 1.5)
    session.set('big', 9_007_199_254_740_993n)
    session.set('l', [1, null, true])
    session.set('d', { k: 'v' })
    session.set('t', [1, 2])
  } else if (name.startsWith('special-types')) session.set('html', markup('<b>'))
  else if (name === 'big-2p70') session.set('big', 2n ** 70n)
}

async function serve(
  sessions: Sessions,
  run: RecordedRun,
  step: RecordedStep,
  cookie: string | undefined,
) {
  const handler = withSessions(sessions, async (request) => {
    if (step.path === '/none') return new Response('n')
    const session = await sessions.get(request)
    switch (step.path) {
      case '/set':
        setValues(session, run)
        break
      case '/flash':
        session.flash('hi', 'info')
        break
      case '/flashed':
        expect(session.flashes()).toEqual([{ category: 'info', message: 'hi' }])
        break
      case '/clear':
        session.clear()
        break
      case '/get':
        expect([...session.keys()].length).toBeLessThanOrEqual(8)
    }
    return new Response('ok')
  })
  const headers = cookie === undefined ? {} : { cookie: `session=${cookie}` }
  return handler(new Request('http://localhost/', { headers })).catch(
    () => new Response(null, { status: 500 }),
  )
}

async function rowsInRedis() {
  const keys = await client.keys(`${own}*`)
  return Promise.all(
    keys.map(async (key) => ({
      key: key.slice(own.length),
      value_hex: (await client.getBuffer(key))!.toString('hex'),
      // Redis counts down by the real clock: whole minutes, begun ones included.
      ttl: Math.ceil((await client.ttl(key)) / 60) * 60,
    })),
  )
}

/** The line with the id of this run in place of the recorded one; a removal as we write it. */
function expectedLine(line: string, recorded: string | undefined, ours: string | undefined) {
  if (line.startsWith('session=;')) return line.replace('; Path=/', '; HttpOnly; Path=/')
  return recorded === undefined ? line : line.replace(recorded, ours ?? '')
}

describe('what Flask-Session 0.8.0 was recorded to do is done here', () => {
  it.each(runs)('in every response and in Redis: $name', async (run) => {
    const lines = run.steps.flatMap(({ set_cookie: lines }) => lines)
    const expires = lines.map((line) => /Expires=(?!Thu, 01 Jan 1970)([^;]+)/.exec(line)?.[1])
    // One second: the recorded requests took less.
    const at = Date.parse(expires.find((time) => time !== undefined) ?? '2026-11-20T19:45:27Z')
    const sessions = sessionsOf(run, () => at - 2_678_400_000)
    let cookie: string | undefined
    for (const step of run.steps) {
      const hadCookie = cookie !== undefined
      const response = await serve(sessions, run, step, cookie)
      const setCookies = response.headers.getSetCookie()
      const set = setCookies[0] && /^session=([^;]*)/.exec(setCookies[0])?.[1]
      if (set !== undefined) cookie = set === '' ? undefined : set
      const recordedLine = step.set_cookie[0]
      const recorded = /^session=([^;]+)/.exec(recordedLine ?? '')?.[1]
      const isRemoval = recordedLine?.startsWith('session=;') ?? false
      const expected = isRemoval && !hadCookie ? [] : step.set_cookie
      expect(setCookies, step.path).toEqual(
        expected.map((line) => expectedLine(line, recorded, cookie)),
      )
      expect(response.status, step.path).toBe(step.status)
      // A response that fails for its session says no more than that.
      if (step.status === 200) expect(response.headers.get('vary') ?? '').toBe(step.vary.join(', '))
      const rows = await rowsInRedis()
      const id = cookie?.split('.')[0]
      expect(rows, step.path).toEqual(
        step.redis.map((row) => ({ ...row, key: row.key.replace(/:[^:]*$/, `:${id}`) })),
      )
    }
    for (const { key } of await rowsInRedis()) await client.del(own + key)
  })

  it.each(runs)(
    'a recorded session opens under its recorded cookie, and is written back: $name',
    async (run) => {
      const step = run.steps.find(
        ({ redis, set_cookie: lines }) => redis.length > 0 && lines.length > 0,
      )!
      const [row] = step.redis
      const cookie = step.set_cookie[0]!.split(';')[0]!
      const key = own + row!.key
      await client.set(key, bytesOf(row!.value_hex), 'EX', row!.ttl)
      const sessions = sessionsOf(run, Date.now)
      const session = await sessions.open(cookie)
      expect(session.isNew).toBe(false)
      session.set('more', 1)
      session.delete('more')
      await session.commit()
      expect((await client.getBuffer(key))!.toString('hex')).toBe(row!.value_hex)
      await client.del(key)
    },
  )

  it('every recorded signed id verifies, and is signed alike', async () => {
    const { flaskSessionIds } = await import('../../src/flask/session/ids.ts')
    for (const { secret_key: secret, sid, signed } of wire.sid_signing) {
      const ids = flaskSessionIds(32, [Buffer.from(secret)])
      expect(ids.spell(sid)).toBe(signed)
      expect(ids.parse(signed)).toEqual({ id: sid, key: 0 })
    }
  })
})

/** From Flask-Session to a store of our own, and back within the window: nobody is signed out. */

import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formerly } from '../../src/formerly/formerly.ts'
import { flaskSession } from '../../src/flask/session/flask-session.ts'
import { createSessions, type SessionEvent, type SessionOptions } from '../../src/index.ts'
import { redisStore } from '../../src/stores/redis/redis.ts'
import { bytesOf, SECRET_KEY, wire } from './recorded.ts'

const SECRET = 'q7Rk2vX9-mB4tZ8wL1nC6yH3pD5sF0gJ'
const UNTIL = new Date(Date.now() + 30 * 86_400_000)
const PREFIX = `formerly-${process.pid}:`
/** One whose bytes were recorded of Flask-Session 0.8.0, in msgpack. */
const RECORDED = wire.recorded_flask_session_0_8_0.runs[0]!.steps[1]!
/** A session of its own for each test: an id is moved once. */
const idOf = (test: string) => `${test}${RECORDED.redis[0]!.key.slice('session:'.length + 3)}`

describe('Flask-Session in Redis, moved to our own store in Redis', () => {
  let client: Redis
  let flask: SessionOptions
  let own: SessionOptions
  let events: SessionEvent[] = []
  beforeAll(() => {
    client = new Redis(process.env['REDIS_URL']!)
    flask = flaskSession({ SECRET_KEY, SESSION_REDIS: client, SESSION_KEY_PREFIX: PREFIX })
    own = {
      secret: SECRET,
      store: redisStore(client, { prefix: PREFIX }),
      cookie: { name: 'own' },
    }
  })
  afterAll(() => client.quit())

  /** A browser: the cookies that it has after some responses. */
  function browser(jar: Record<string, string> = {}) {
    return {
      jar,
      get cookie() {
        return Object.entries(jar)
          .map(([name, value]) => `${name}=${value}`)
          .join('; ')
      },
      take(headers: Headers) {
        for (const line of headers.getSetCookie()) {
          const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
          if (value === '') delete jar[name!]
          else jar[name!] = value!
        }
      },
    }
  }

  async function visit(options: SessionOptions, visitor: ReturnType<typeof browser>) {
    const sessions = createSessions({ ...options, onEvent: (event) => void events.push(event) })
    const session = await sessions.open(visitor.cookie)
    const found = { userId: session.userId, name: session.get('name'), big: session.get('big') }
    session.update('visits', (n: number = 0) => n + 1)
    visitor.take(await session.commit())
    return { ...found, visits: session.get('visits') }
  }

  const flaskRow = (extra: string) =>
    // The recorded session, with one key more: `_user_id`.
    Buffer.from(`89${RECORDED.redis[0]!.value_hex.slice(2)}${extra}`, 'hex')
  const USER = 'a85f757365725f6964a137'

  it('a visitor whom Flask has signed in stays signed in, and the old session is gone', async () => {
    const ID = idOf('one')
    await client.set(PREFIX + ID, flaskRow(USER), 'EX', 1000)
    const visitor = browser({ session: ID })
    const moved = { ...own, formerly: formerly({ sessions: flask, until: UNTIL }) }
    expect(await visit(moved, visitor)).toEqual({
      userId: '7',
      name: 'é😀',
      big: 9_007_199_254_740_993n,
      visits: 1,
    })
    expect(Object.keys(visitor.jar)).toEqual(['own'])
    expect(await client.exists(PREFIX + ID)).toBe(0)
    expect(events).toContainEqual(expect.objectContaining({ type: 'moved' }))
    // Switched back within the window: the same with the sides swapped.
    const back = { ...flask, formerly: formerly({ sessions: own, until: UNTIL }) }
    expect(await visit(back, visitor)).toMatchObject({ userId: '7', name: 'é😀', visits: 2 })
    expect(Object.keys(visitor.jar)).toEqual(['session'])
    expect(await visit(flask, visitor)).toMatchObject({ userId: '7', visits: 3 })
    const row = await client.getBuffer(PREFIX + visitor.jar['session']!)
    expect(row!.includes(Buffer.from(USER, 'hex'))).toBe(true)
    // The big integer is one for Flask, too.
    expect(row!.includes(bytesOf('a3626967cf0020000000000001'))).toBe(true)
  })

  it('with dualWrite Flask can take over at any time', async () => {
    const ID = idOf('two')
    await client.set(PREFIX + ID, flaskRow(USER), 'EX', 1000)
    const visitor = browser({ session: ID })
    const both = { ...own, formerly: formerly({ sessions: flask, until: UNTIL, dualWrite: true }) }
    expect(await visit(both, visitor)).toMatchObject({ userId: '7', visits: 1 })
    expect(await visit(both, visitor)).toMatchObject({ userId: '7', visits: 2 })
    expect(Object.keys(visitor.jar).toSorted()).toEqual(['own', 'session'])
    expect(await visit(flask, browser({ session: visitor.jar['session']! }))).toMatchObject({
      userId: '7',
      visits: 3,
    })
  })

  it('pickle, another id, and anybody after the date are strangers', async () => {
    const ID = idOf('six')
    const moved = { ...own, formerly: formerly({ sessions: flask, until: UNTIL }) }
    const [pickled] = wire.recorded_flask_session_0_3_2.runs[0]!.steps[1]!.redis
    await client.set(PREFIX + ID, bytesOf(pickled!.value_hex), 'EX', 1000)
    expect(await visit(moved, browser({ session: ID }))).toMatchObject({
      userId: undefined,
      visits: 1,
    })
    await client.set(PREFIX + ID, flaskRow(USER), 'EX', 1000)
    const other = idOf('XXX')
    expect(await visit(moved, browser({ session: other }))).toMatchObject({ userId: undefined })
    const over = {
      ...own,
      formerly: formerly({ sessions: flask, until: new Date(Date.now() - 1000) }),
    }
    expect(await visit(over, browser({ session: ID }))).toMatchObject({ userId: undefined })
  })
})

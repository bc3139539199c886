import { beforeEach, describe, expect, test } from 'vitest'
import { foreignBackend } from '../../../src/backends/foreign/foreign-backend.ts'
import type {
  ForeignEntry,
  ForeignStore,
  ForeignWrite,
} from '../../../src/backends/foreign/foreign-store.ts'
import { systemTimer } from '../../../src/base/ports.ts'
import { createSessions, type SessionEvent } from '../../../src/index.ts'
import type { Preset } from '../../../src/session/setup/preset.ts'
import { flaskCodec, flaskLayout } from '../../../src/flask/layout.ts'
import { cookieValues } from '../../../src/http/cookie.ts'
import { fakeClock } from '../../../src/testing/time/clock.ts'

/** A store as another library keeps one: rows under ids, with or without compare-and-swap. */
class Rows implements ForeignStore {
  readonly engine = 'rows'
  readonly rows = new Map<string, ForeignWrite & { version: number }>()
  /** Runs before each replacement, as another process would. */
  meanwhile: (() => void) | undefined
  refuses: string | undefined
  #version = 0
  readonly #compares: boolean

  constructor(compares: boolean) {
    this.#compares = compares
  }

  async read(id: string): Promise<ForeignEntry | undefined> {
    this.#check('read')
    const row = this.rows.get(id)
    if (!row) return undefined
    return this.#compares ? row : { text: row.text, expiresAt: row.expiresAt }
  }

  async insert(id: string, entry: ForeignWrite): Promise<void> {
    this.#check('insert')
    this.put(id, entry)
  }

  async replace(id: string, entry: ForeignWrite, before: ForeignEntry): Promise<boolean> {
    this.#check('replace')
    this.meanwhile?.()
    if (this.#compares && this.rows.get(id)?.version !== before.version) return false
    this.put(id, entry)
    return true
  }

  async remove(id: string): Promise<void> {
    this.#check('remove')
    this.rows.delete(id)
  }

  put(id: string, { text, expiresAt }: ForeignWrite): void {
    this.rows.set(id, { text, expiresAt, version: ++this.#version })
  }

  #check(verb: string): void {
    if (this.refuses === verb) throw new Error('the server is away')
  }
}

const DAY = 86_400_000
const SECRET = 'q7Rk2vX9-mB4tZ8wL1nC6yH3pD5sF0gJ'

/** `rolls`: whether each visit sends the cookie, as the option `rolling` of express-session has it. */
function presetOn(store: ForeignStore, clock: () => number, rolls = false): Preset {
  let made = 0
  return {
    name: 'rows',
    engine: 'rows',
    secretName: 'secret',
    tolerates: [],
    lifetime: { idle: DAY, permanent: DAY, absolute: undefined, leeway: 0, renewal: 'never' },
    cookie: { name: 'sid', path: '/', httpOnly: true, secure: false, partitioned: false },
    cookieValues,
    expiry: 'Expires',
    consumesAllFlashes: false,
    renewsUnasked: false,
    backend: ({ writer, withSchema }) =>
      foreignBackend({
        store,
        ids: {
          create: () => `id${++made}`,
          parse: (value) => (/^id\d+$/.test(value) ? { id: value, key: 0 } : 'malformed'),
          spell: (id) => id,
        },
        layout: withSchema(flaskLayout(flaskCodec([]))),
        writer,
        lifetime: {
          ended: (_record, { expiresAt = 0 }, now) => (expiresAt < now ? 'expired' : undefined),
          of: (_record, now) => ({ expiresAt: now + DAY, keepFor: undefined }),
          extends: () => true,
          setsCookie: () => rolls,
        },
        isEmpty: ({ data }) => data.size === 0,
        maxBytes: 10_000,
        deadline: 1000,
        clock,
        timer: systemTimer,
      }),
  }
}

describe.each([
  ['that compares before it replaces', true],
  ['that only replaces', false],
])("sessions on another library's store %s", (_name, compares) => {
  const clock = fakeClock()
  let store: Rows
  let events: SessionEvent['type'][]
  let sessions: ReturnType<typeof createSessions>

  beforeEach(() => {
    store = new Rows(compares)
    events = []
    sessions = createSessions({
      secret: SECRET,
      preset: presetOn(store, clock),
      clock,
      onEvent: (event) => void events.push(event.type),
    })
  })

  const dataOf = (id: string): unknown => JSON.parse(store.rows.get(id)?.text ?? 'null')

  /** Begins a session with these keys, and returns its cookie. */
  async function begun(data: Record<string, unknown>): Promise<string> {
    const session = await sessions.open(undefined)
    for (const [key, value] of Object.entries(data)) session.set(key, value)
    const line = (await session.commit()).getSetCookie()[0]
    return line!.split(';', 1)[0]!
  }

  test('different keys of concurrent requests are both saved', async () => {
    const cookie = await begun({ a: 0 })
    const visitors = await Promise.all(Array.from({ length: 20 }, () => sessions.open(cookie)))
    visitors.forEach((session, at) => session.set(`key${at}`, at))
    await Promise.all(visitors.map((session) => session.commit()))
    expect(Object.keys(dataOf('id1') as object)).toHaveLength(21)
  })

  test('concurrent updates of one key all count', async () => {
    const cookie = await begun({ n: 0 })
    const visitors = await Promise.all(Array.from({ length: 30 }, () => sessions.open(cookie)))
    for (const session of visitors) session.update('n', (n: number = 0) => n + 1)
    await Promise.all(visitors.map((session) => session.commit()))
    expect(dataOf('id1')).toEqual({ n: 30 })
  })

  test('a logout ends the sessions of all cookies, of which the next would sign in again', async () => {
    const cookies = [await begun({ user: 1 }), await begun({ user: 2 })].join('; ')
    const session = await sessions.open(cookies)
    session.logout()
    await session.commit()
    expect(store.rows.size).toBe(0)
    expect((await sessions.open(cookies)).size).toBe(0)
  })

  test('a slow request does not bring back a session that was ended by a logout', async () => {
    const cookie = await begun({ user: 1 })
    const slow = await sessions.open(cookie)
    const other = await sessions.open(cookie)
    other.logout()
    const headers = await other.commit()
    expect(headers.getSetCookie()[0]).toMatch(/^sid=; /)
    slow.set('late', 1)
    await expect(slow.commit()).rejects.toThrow(/ERR_SESSION_GONE|ended the session/)
    expect(store.rows.size).toBe(0)
    expect((await sessions.open(cookie)).size).toBe(0)
  })

  test('a visit does not bring back a session that was ended meanwhile', async () => {
    const cookie = await begun({ user: 1 })
    const visit = await sessions.open(cookie)
    store.rows.clear()
    await visit.commit()
    expect(store.rows.size).toBe(0)
    expect(events).toContain('ended-meanwhile')
  })

  test('a login gives a new id and removes the row of the former one', async () => {
    const cookie = await begun({ cart: ['tea'] })
    const session = await sessions.open(cookie)
    session.login('ada')
    const headers = await session.commit()
    expect(headers.getSetCookie()[0]).toMatch(/^sid=id2;/)
    expect([...store.rows.keys()]).toEqual(['id2'])
    expect(dataOf('id2')).toMatchObject({ cart: ['tea'], _user_id: 'ada' })
  })

  test('a logout that the store refuses clears the cookie all the same, and says so', async () => {
    const cookie = await begun({ user: 1 })
    const session = await sessions.open(cookie)
    session.logout()
    store.refuses = 'remove'
    await expect(session.commit()).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
      headers: { 'set-cookie': expect.stringMatching(/^sid=; /) as string },
    })
  })

  test('a visit is served although the store cannot extend the session', async () => {
    const cookie = await begun({ user: 1 })
    const session = await sessions.open(cookie)
    store.refuses = 'replace'
    await session.commit()
    expect(session.get('user')).toBe(1)
    expect(events).toContain('touch-failed')
  })

  test('a session that becomes empty is removed, and its cookie cleared', async () => {
    const cookie = await begun({ user: 1 })
    const session = await sessions.open(cookie)
    session.delete('user')
    expect((await session.commit()).getSetCookie()[0]).toMatch(/^sid=; /)
    expect(store.rows.size).toBe(0)
  })

  test('a row that cannot be read is a stranger, and is reported', async () => {
    store.put('id7', { text: 'no JSON', expiresAt: clock() + DAY })
    expect((await sessions.open('sid=id7')).size).toBe(0)
    expect(events).toEqual(['rejected'])
  })

  test('a session that is too large is refused, and the row stays as it was', async () => {
    const cookie = await begun({ user: 1 })
    const session = await sessions.open(cookie)
    session.set('big', 'x'.repeat(20_000))
    await expect(session.commit()).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' })
    expect(dataOf('id1')).toEqual({ user: 1 })
  })
})

test('a request that only reads a session whose cookie is sent each time sends it', async () => {
  const clock = fakeClock()
  const store = new Rows(true)
  const sessions = createSessions({ secret: SECRET, preset: presetOn(store, clock, true), clock })
  store.put('id9', { text: '{"a":1}', expiresAt: clock() + DAY })
  const visit = sessions.mount([{}], { cookie: 'sid=id9', header: () => undefined })!
  expect((await visit.session()).get('a')).toBe(1)
  expect((await visit.finish())?.setCookie).toContain('sid=id9')
})

test('a change of another process between reading and writing is not overwritten', async () => {
  const clock = fakeClock()
  const store = new Rows(true)
  const sessions = createSessions({
    secret: SECRET,
    preset: presetOn(store, clock),
    clock,
  })
  store.put('id9', { text: '{"a":1}', expiresAt: clock() + DAY })
  const session = await sessions.open('sid=id9')
  session.set('b', 2)
  store.meanwhile = () => {
    store.meanwhile = undefined
    store.put('id9', { text: '{"a":1,"c":3}', expiresAt: clock() + DAY })
  }
  await session.commit()
  expect(JSON.parse(store.rows.get('id9')!.text)).toEqual({ a: 1, b: 2, c: 3 })
})

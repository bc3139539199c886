import { hash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import * as v from 'valibot'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { respond } from '../../src/adapters/fetch.ts'
import { refusalOf } from '../../src/session/explain/refusal.ts'
import { errorCatalogue, type SessionErrorCode } from '../../src/base/errors.ts'
import { flask } from '../../src/flask/flask.ts'
import { createSessions, type Session, SessionError, type SessionOptions } from '../../src/index.ts'
import { sqliteStore } from '../../src/stores/sqlite/sqlite.ts'
import { Visitor } from '../session/visitor.ts'
import { canary, faces } from './canary.ts'
import { learnCookie, PLANTED, planted, plantedSessions } from './canary-planted.ts'

const { secret, shortSecret, value, user } = PLANTED
afterEach(() => void vi.unstubAllEnvs())

/** Everybody signs in, and holds what was planted. */
async function signedIn(options: Partial<SessionOptions> & { stored: boolean }) {
  const site = plantedSessions(options)
  const visitor = new Visitor(site.sessions)
  await visitor.visit((session) => {
    session.login(user)
    session.set('kept', value).flash(PLANTED.flash)
    if (options.stored) session.label = PLANTED.label
  })
  return { ...site, visitor, cookie: visitor.cookie! }
}

const cookieOnly = { stored: false }
const onStore = { stored: true }

// Of the library whose messages quote the value: "Expected number but received ...".
const schema = {
  kept: v.string(),
  visits: v.number(),
  later: z.string().refine(async () => false),
}
const OTHER = { kept: v.number() }

/** How each error comes about, with as much in reach of it as an app can put there. */
const PROVOKED: Record<SessionErrorCode, (cookies: string[]) => unknown> = {
  ERR_OPTION_INVALID: () => createSessions({ secret, lifetime: { idle: '30' } }),
  ERR_SECRET_MISSING: () => createSessions({ secret: [undefined, secret] }),
  ERR_SECRET_WEAK() {
    vi.stubEnv('NODE_ENV', 'production')
    createSessions({ secret: [secret, shortSecret] })
  },
  ERR_VALUE_UNSUPPORTED: () =>
    visit(cookieOnly, (session) => session.set('k', { value, call: () => value })),
  ERR_VALUE_INVALID: () =>
    visit({ ...cookieOnly, schema }, (session) => session.set('visits', value)),
  ERR_DATA_INVALID: async (cookies) => {
    const { cookie, clock } = await signedIn(cookieOnly)
    cookies.push(cookie)
    const { sessions } = plantedSessions({
      ...cookieOnly,
      clock,
      schema: OTHER,
      onInvalid: 'error',
    })
    ;(await sessions.open(cookie)).get('kept')
  },
  ERR_SCHEMA_ASYNC: () =>
    visit({ ...cookieOnly, schema }, (session) => session.set('later', value)),
  ERR_UPDATE_ASYNC: () => visit(cookieOnly, (session) => session.update('k', async () => value)),
  ERR_UPDATE_UNDEFINED: () =>
    visit(cookieOnly, (session) => session.update('k', (() => void value) as never)),
  ERR_USER_ID_INVALID: () => visit(onStore, (session) => session.login(user.repeat(40))),
  ERR_NOT_SIGNED_IN: () => mounted(({ sessions }, carrier) => sessions.signedIn(carrier)),
  async ERR_LOGIN_STALE(cookies) {
    const { sessions, cookie, clock } = await signedIn(onStore)
    cookies.push(cookie)
    const carrier = {}
    sessions.mount([carrier], { cookie, header: () => value })
    clock.advance(HOUR)
    await sessions.signedIn(carrier, { within: '10m' })
  },
  async ERR_CSRF(cookies) {
    const { sessions, cookie } = await signedIn(onStore)
    const token = (await sessions.open(cookie)).csrfToken()
    cookies.push(cookie, `csrf=${token}`)
    const carrier = {}
    const facts = { cookie, method: 'POST', header: () => undefined }
    sessions.mount([carrier], facts)
    await sessions.checkCsrf(carrier, `${token.slice(0, -2)}aa`)
  },
  ERR_CSRF_UNSUPPORTED: async () =>
    (await createSessions(flask({ SECRET_KEY: secret })).open(undefined)).csrfToken(),
  ERR_SESSION_NOT_MOUNTED: (cookies) =>
    mounted(({ sessions, cookie }) => {
      cookies.push(cookie)
      return sessions.get(cookie as unknown as object)
    }),
  ERR_SESSION_COMMITTED: () =>
    mounted(async ({ sessions, visit }, carrier) => {
      const session = await sessions.get(carrier)
      await visit.finish()
      session.set('late', value)
    }),
  ERR_SESSION_READ_ONLY: () =>
    mounted(async ({ sessions, visit }, carrier) => {
      visit.readOnly('this page is already being sent')
      ;(await sessions.get(carrier)).set('late', value)
    }),
  ERR_RESPONSE_INVALID: async (cookies) => {
    const { sessions, cookie } = await signedIn(onStore)
    cookies.push(cookie)
    const request = new Request('http://localhost/', { headers: { cookie } })
    await respond(sessions, [request], () => ({ value }) as unknown as Response)
  },
  ERR_SESSION_PROPERTY: () => visit(cookieOnly, (session) => Object.assign(session, { value })),
  ERR_COOKIE_TOO_LARGE: () => visit(cookieOnly, (session) => session.set('k', manyValues(4096))),
  ERR_SESSION_TOO_LARGE: () => visit(onStore, (session) => session.set('k', manyValues(1_100_000))),
  async ERR_SESSION_GONE(cookies) {
    const { sessions, cookie } = await signedIn(onStore)
    cookies.push(cookie)
    const session = await sessions.open(cookie)
    await sessions.revokeUser(user)
    await session.set('kept', value).commit()
  },
  async ERR_SESSION_CONFLICT(cookies) {
    const { sessions, cookie, weather } = await signedIn({ ...onStore, deadlines: BRIEF })
    cookies.push(cookie)
    const [first, second] = [await sessions.open(cookie), await sessions.open(cookie)]
    // The first save is under way for good, and the second waits for it.
    let saving!: () => void
    const isSaving = new Promise<void>((resolve) => (saving = resolve))
    weather.before = (verb) => verb === 'swap' && (saving(), new Promise(() => {}))
    const never = first.set('kept', value).commit()
    await isSaving
    const outcomes = await Promise.allSettled([second.set('kept', value).commit(), never])
    throw outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason)[0]
  },
  async ERR_LISTENER_LIMIT(cookies) {
    const { sessions, cookie } = await signedIn(onStore)
    cookies.push(cookie)
    const { handle } = await sessions.open(cookie)
    for (;;) sessions.onEnded(handle, () => value)
  },
  async ERR_SESSION_LIMIT(cookies) {
    const site = await signedIn({ ...onStore, maxSessionsPerUser: 1, onLimit: 'reject' })
    cookies.push(site.cookie)
    await new Visitor(site.sessions).visit((session) => session.login(user))
  },
  async ERR_STORE_UNAVAILABLE(cookies) {
    const { sessions, cookie, weather } = await signedIn(onStore)
    cookies.push(cookie)
    const session = await sessions.open(cookie)
    weather.failing = ['read', 'insert', 'swap']
    await session.set('kept', value).commit()
  },
  async ERR_STORE_SCHEMA(cookies) {
    const db = new DatabaseSync(':memory:')
    onTestFinished(() => db.close())
    const { cookie } = await signedIn(onStore)
    cookies.push(cookie)
    await plantedSessions(onStore, sqliteStore(db)).sessions.open(cookie)
  },
}

const HOUR = 3_600_000
const BRIEF = { read: '20s', write: '20s', commit: '50ms' } as const

/** Values that do not deflate. */
const manyValues = (size: number) =>
  Array.from({ length: size / 43 }, (_, n) => value + hash('sha256', String(n), 'base64url'))

async function visit(
  options: Partial<SessionOptions> & { stored: boolean },
  work: (session: Session<any>) => unknown,
): Promise<void> {
  const { visitor } = await signedIn(options)
  await visitor.visit(work)
}

/** A request behind an adapter; its visitor is anonymous. */
async function mounted(
  work: (
    site: Awaited<ReturnType<typeof signedIn>> & {
      visit: NonNullable<ReturnType<ReturnType<typeof createSessions<any>>['mount']>>
    },
    carrier: object,
  ) => unknown,
): Promise<void> {
  const site = await signedIn(cookieOnly)
  const carrier = {}
  const mount = site.sessions.mount([carrier], { cookie: undefined, header: () => value })
  await work({ ...site, visit: mount! }, carrier)
}

async function errorOf(act: () => unknown): Promise<unknown> {
  try {
    await act()
  } catch (error) {
    return error
  }
  throw new Error('Nothing was thrown.')
}

describe('no error shows what was planted, not in its causes, and not in the answer it becomes:', () => {
  test.each(errorCatalogue().map(({ code }) => code))('%s', async (code) => {
    const cookies: string[] = []
    const error = await errorOf(() => PROVOKED[code](cookies))
    expect(error).toMatchObject({ code })
    const watching = planted()
    for (const cookie of cookies) learnCookie(watching, cookie)
    for (const text of faces(error)) watching.shown(code, text)
    watching.shown('its answer', JSON.stringify(refusalOf(error)))
    expect(watching.leaks()).toEqual([])
  })
})

class Card {
  readonly number = value
}

/** Values that cannot be kept, each with something planted in or beside it. */
const REFUSED: [name: string, value: unknown][] = [
  ['a function', { value, call: () => value }],
  ['a symbol', [value, Symbol(value)]],
  ['an instance', [value, new Card()]],
  ['a Map', { value, map: new Map([[value, value]]) }],
  ['an invalid date', { value, at: new Date(value) }],
  ['an endless integer', [value, 10n ** 5000n]],
  ['one that contains itself', circle()],
  ['undefined in a list', [value, undefined]],
  ['half a surrogate pair', { [value]: `${value}\ud800` }],
]

function circle(): unknown {
  const list: unknown[] = [value]
  list.push(list)
  return list
}

test.each(REFUSED)('a value that is refused is not told: %s', async (_, refused) => {
  const { sessions } = plantedSessions(cookieOnly)
  const session = await sessions.open(undefined)
  for (const write of [
    () => session.set('k', refused),
    () => session.update('k', () => refused as never),
    () => session.flash(refused as string),
    () => session.login(refused as string),
    () => (session.label = refused as string),
    () => session.set(refused as string, 1),
  ]) {
    // Some of them are none where they are used here, and some are a mistake of the types' alone.
    const error = await errorOf(write).catch(() => undefined)
    if (!(error instanceof SessionError)) continue
    const watching = planted()
    for (const text of faces(error)) watching.shown('an error', text)
    expect(watching.leaks()).toEqual([])
  }
})

describe('the canary itself', () => {
  test.each(Object.entries(PLANTED))('sees a piece of the planted %s', (_, text) => {
    for (const show of [
      () => new Error(`"${text.slice(0, 23)}..."`),
      () =>
        new Error('hidden', { cause: new AggregateError([new Error('deep', { cause: text })]) }),
      () => Object.defineProperty(new Error('hidden'), 'own', { value: { of: [text] } }),
      () => Object.assign(new Error('hidden'), { toJSON: () => ({ text }) }),
    ]) {
      const watching = planted()
      watching.thrown(show())
      if (text !== PLANTED.password || !show().message.endsWith('..."')) {
        expect(watching.leaks().length).toBeGreaterThan(0)
      }
    }
  })

  test('sees a cookie that it learns of only later, and nothing in what is harmless', () => {
    const watching = canary()
    watching.shown('a log', 'The cookie was abcdefghijklmnopqrstuvwxyz012345, and was refused.')
    watching.shown('a log', `    at open (/src/abcdefghijklmnopqrstuvwxyz012345.ts:1:2)`)
    expect(watching.leaks()).toEqual([])
    learnCookie(watching, 'session=abcdefghijklmnopqrstuvwxyz012345')
    expect(watching.leaks()).toMatchObject([{ kind: 'cookie', where: 'a log' }])
  })
})

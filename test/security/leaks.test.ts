import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  createSessions,
  SessionError,
  type SessionEvent,
  type SessionOptions,
  type Sessions,
  type StoredSessions,
} from '../../src/index.ts'
import { Visitor } from '../session/visitor.ts'
import { type Canary, faces } from './canary.ts'
import {
  clientError,
  learnCookie,
  PLANTED,
  planted,
  plantedSessions,
  type Weather,
} from './canary-planted.ts'
import { flask } from '../../src/flask/flask.ts'
import { formerly } from '../../src/formerly/formerly.ts'
import { through } from '../promises/stores.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { fakeClock } from '../../src/testing/time/clock.ts'
import { factsOf } from '../session/facts-of.ts'
import { listenToEverything } from './telemetry.ts'

/** All that was written to the console, whoever wrote it. */
let printed: string[] = []
beforeEach(() => {
  printed = []
  for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const) {
    vi.spyOn(console, method).mockImplementation((...args) => {
      printed.push(args.map((arg) => (typeof arg === 'string' ? arg : inspect(arg))).join(' '))
    })
  }
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

const { user, value, label, flash } = PLANTED
const HOUR = 3_600_000

interface Seen {
  watching: Canary
  events: SessionEvent[]
}

/** Visitors with planted data who do everything that gives an event, an error or a hint. */
async function everything(options: Partial<SessionOptions> & { stored: boolean }): Promise<Seen> {
  const watching = planted()
  const telemetry = listenToEverything()
  const { sessions, events, clock, weather } = plantedSessions({
    lifetime: { idle: '10h', absolute: '40h' },
    cookie: { name: 'session', secure: false },
    ...(options.stored ? { rotate: '1h', maxSessionsPerUser: 2, deadlines: PATIENT } : {}),
    ...options,
  })
  const visit = async (visitor: Visitor, work: Parameters<Visitor['visit']>[0] = () => {}) => {
    const presented = visitor.cookie
    await visitor
      .visit(async (session) => {
        for (const face of faces(session)) watching.shown('a session', face)
        await work(session)
        for (const face of faces(session)) watching.shown('a session', face)
      })
      .catch((error: unknown) => {
        for (const face of faces(error)) watching.shown('an error', face)
      })
    for (const cookie of [presented, visitor.cookie]) learnCookie(watching, cookie)
  }
  const signIn = async (visitor = new Visitor(sessions)) => {
    await visit(visitor, (session) => session.set('kept', [value]).flash(flash))
    await visit(visitor, (session) => session.login(user))
    if (options.stored) await visit(visitor, (session) => (session.label = label))
    return visitor
  }

  const ann = await signIn()
  const bob = await signIn()
  const carl = await signIn()
  const before = carl.cookie
  await visit(carl, async (session) => {
    session.regenerate()
    await session.commit(new Headers({ 'set-cookie': `session=${value}` }))
  })
  await visit(carl)
  clock.advance(HOUR)
  for (const cookie of [before, `${carl.cookie}; ${bob.cookie}; session=${value}`]) {
    await visit(new Visitor(sessions, cookie))
  }
  await visit(new Visitor(sessions), (session) => {
    for (let at = 0; at < 70; at++) session.flash(flash)
  })
  await visit(carl, (session) => session.set('kept', () => value))
  await visit(carl, (session) => session.set('kept', Array(1500).fill(value.repeat(20))))
  // Two requests that change one thing: the later of the two nested changes stands.
  const slow = await sessions.open(carl.cookie)
  const slower = await sessions.open(carl.cookie)
  slow.get('kept')?.push(value)
  await visit(carl, (session) => session.set('kept', [value, value]))
  await slow.commit()
  slower.flashes()
  if (options.stored) {
    weather.failing = ['read']
    await visit(bob)
    weather.failing = ['swap', 'insert', 'remove', 'admit']
    await visit(bob, (session) => session.set('kept', value))
    await visit(new Visitor(sessions), (session) => session.login(user))
    weather.failing = []
    clock.advance(2 * HOUR)
    weather.failing = ['touch', 'keep', 'swap']
    await visit(bob)
    weather.failing = []
    await revokedInEveryWay(sessions as StoredSessions, weather, carl.cookie)
    await slower.commit()
  }
  await visit(ann)
  await visit(bob, (session) => session.logout())
  await badCookies(options, carl, (cookie) => visit(new Visitor(sessions, cookie)))
  clock.advance(11 * HOUR)
  await visit(carl)
  await calledFromElsewhere(sessions, ann.cookie, watching)
  for (const face of faces(sessions.describePolicy())) watching.shown('the policy', face)
  for (const face of faces(sessions)) watching.shown('the sessions', face)
  for (const face of faces(events)) watching.shown('an event', face)
  for (const line of printed) watching.shown('the console', line)
  for (const [where, what] of await telemetry.told()) {
    for (const face of faces(what)) watching.shown(where, face)
  }
  return { watching, events }
}

/** Once it fails, and once it does not. */
async function revokedInEveryWay(
  sessions: StoredSessions,
  weather: Weather,
  cookie: string | undefined,
): Promise<void> {
  weather.failing = ['remove']
  await sessions.revokeUser(user).catch(() => {})
  weather.failing = []
  // As an app that takes the cookie for the handle.
  await sessions.revoke(user, String(cookie))
  await sessions.revokeUser(user, { except: String(cookie) })
  await sessions.erase(user)
  await sessions.revokeAll()
  sessions.storeStatus()
}

/** A form of another site, with a token that was looked at somewhere. */
async function calledFromElsewhere(
  sessions: Sessions<any>,
  cookie: string | undefined,
  watching: Canary,
): Promise<void> {
  const token = (await sessions.open(cookie)).csrfToken()
  watching.learn('cookie', token)
  for (const origin of ['https://elsewhere.example', undefined]) {
    const carrier = {}
    const header = (name: string) => (name === 'origin' ? origin : value)
    sessions.mount([carrier], { cookie, method: 'POST', header })
    await sessions.checkCsrf(carrier, `${token.slice(0, -1)}!`).catch((error: unknown) => {
      for (const face of faces(error)) watching.shown('an error', face)
    })
    // First asked for when the headers have left.
    const late = {}
    await sessions.mount([late], { cookie, header })?.finish()
    await sessions.get(late)
    // A page that ignores a guard, and one that fails.
    const ignoring = {}
    const visit = sessions.mount([ignoring], { cookie: undefined, method: 'GET', header })!
    void sessions.signedIn(ignoring)
    await (async () => visit.finish())().catch((error: unknown) => {
      for (const face of faces(error)) watching.shown('an error', face)
    })
    visit.failed(new SessionError('ERR_VALUE_UNSUPPORTED', 'kept', 'it is a function'))
    // A WebSocket: its response cannot set the cookie.
    const upgraded = {}
    const upgrade = sessions.mount([upgraded], { cookie: undefined, header })!
    ;(await sessions.get(upgraded)).set('kept', [value])
    upgrade.withoutCookie()
    await upgrade.finish()
  }
}

const PATIENT = { read: '20s', write: '20s', commit: '30s' } as const

/** Cookies that do not open, made of one that does: and one under the old secret, which opens. */
async function badCookies(
  { stored }: { stored: boolean },
  visitor: Visitor,
  show: (cookie: string) => Promise<void>,
): Promise<void> {
  const genuine = visitor.cookie ?? 'session=none'
  for (const cookie of [
    `session=${value}`,
    `${genuine}x`,
    genuine.slice(0, -3),
    `${genuine.slice(0, -2)}${genuine.endsWith('AA') ? 'BB' : 'AA'}`,
  ]) {
    await show(cookie)
  }
  const old = plantedSessions({ stored, secret: PLANTED.oldSecret })
  const elder = new Visitor(old.sessions)
  await elder.visit((session) => session.login(user))
  await show(elder.cookie!)
}

describe.each([
  ['a cookie', { stored: false }],
  ['an encrypted cookie', { stored: false, encrypt: true }],
  ['a store', { stored: true }],
  ['an encrypted store', { stored: true, encrypt: true }],
])('with the session in %s', (_, options) => {
  test.each([
    ['development', 'development'],
    ['not set', undefined],
    ['production', 'production'],
  ])(
    'nothing planted stands in an event, an error, a line, or what a session looks like: NODE_ENV is %s',
    async (__, environment) => {
      vi.stubEnv('NODE_ENV', environment)
      const { watching } = await everything(options)
      expect(watching.leaks()).toEqual([])
      expect(watching.counts.learned).toBeGreaterThan(20)
      if (environment === 'production') {
        // What is said there is for whoever deploys: which store this is.
        const forDeployers = /memoryStore\(\) saves|A request listener failed/
        expect(printed.filter((line) => !forDeployers.test(line))).toEqual([])
      } else expect(printed.length).toBeGreaterThan(2)
    },
  )

  test('events say one of a few words each, never what came', async () => {
    const { events } = await everything(options)
    const words = new Set(events.map(factsOf).flatMap((event) => Object.values(event)))
    for (const word of words) {
      if (typeof word === 'string' && word !== 'kept') expect(KNOWN_WORDS).toContain(word)
    }
  })
})

test('between them these visitors cause every event there is', async () => {
  const all = [...(await everything({ stored: true })).events]
  all.push(...(await everything({ stored: false })).events)
  const secure = plantedSessions({
    stored: false,
    cookie: { name: 'session', secure: true },
  })
  const visit = secure.sessions.mount([{}], { cookie: '', encrypted: false, header: () => '' })!
  ;(await visit.session()).set('kept', value)
  await visit.finish()
  all.push(...secure.events)
  all.push(...(await readByAnotherVersion()), ...(await movedIn()), ...(await fromElsewhere()))
  const told = new Set<string>(all.map(({ type }) => type))
  expect(NAMED.filter((name) => !told.has(name))).toEqual([])
})

/** What an app says that accepts former sessions, while one of the stores is away. */
async function movedIn(): Promise<SessionEvent[]> {
  const kept = memoryStore()
  const cookie = { name: 'former', secure: false }
  const writer = new Visitor(plantedSessions({ stored: true, cookie }, kept).sessions)
  await writer.visit((session) => session.set('kept', value).login(user))
  let isAway = false
  const store = through(kept, async (verb, args, call) => {
    if (isAway && verb === 'remove') throw clientError(args)
    return call()
  })
  const until = new Date(fakeClock()() + 24 * HOUR)
  const { sessions, events, weather } = plantedSessions({
    stored: true,
    formerly: formerly({ sessions: { secret: PLANTED.secret, cookie, store }, until }),
  })
  const watching = planted()
  learnCookie(watching, writer.cookie)
  const visitor = new Visitor(sessions, writer.cookie)
  weather.failing = ['insert']
  await visitor.visit((session) => void session.get('kept'))
  weather.failing = []
  isAway = true
  await visitor.visit((session) => void session.get('kept'))
  for (const face of [...faces(events), ...faces(sessions.formerlyUse())]) {
    watching.shown('an event', face)
  }
  expect(watching.leaks()).toEqual([])
  return events
}

/** What Flask-Login's session protection says of a login from another address. */
async function fromElsewhere(): Promise<SessionEvent[]> {
  const events: SessionEvent[] = []
  const sessions = createSessions({
    ...flask({ SECRET_KEY: PLANTED.secret }),
    onEvent: (event) => events.push(event),
  })
  const header = () => undefined
  const signingIn = {}
  const visit = sessions.mount([signingIn], { cookie: undefined, header, address: '192.0.2.1' })!
  ;(await sessions.get(signingIn)).login(user)
  const cookie = (await visit.finish())?.setCookie?.split(';', 1)[0]
  const elsewhere = {}
  sessions.mount([elsewhere], { cookie, header, address: '192.0.2.2' })
  await sessions.get(elsewhere)
  const watching = planted()
  learnCookie(watching, cookie)
  for (const face of faces(events)) watching.shown('an event', face)
  expect(watching.leaks()).toEqual([])
  return events
}

/** What an app says whose schema refuses what another version of it has written. */
async function readByAnotherVersion(): Promise<SessionEvent[]> {
  const writer = new Visitor(plantedSessions({ stored: false }).sessions)
  await writer.visit((session) => session.set('kept', value))
  const { sessions, events } = plantedSessions({ stored: false, schema: { kept: v.number() } })
  await new Visitor(sessions, writer.cookie).visit((session) => void session.get('kept'))
  const watching = planted()
  for (const face of faces(events)) watching.shown('an event', face)
  expect(watching.leaks()).toEqual([])
  return events
}

const source = (file: string) => readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8')
const TYPES = ['session/explain/events.ts', 'session/csrf/request-origin.ts', 'backends/backend.ts']
  .map(source)
  .join('')
/**
 * Every event, save what a store's settings endanger: that is the store's to say. And save a removal
 * that is dropped after minutes, of which test/session/audit.test.ts tells.
 */
const NAMED = [...TYPES.matchAll(/\btype: '([\w-]+)'/g)]
  .map((match) => match[1]!)
  .filter((name) => !['store-finding', 'removal-dropped'].includes(name))
/** Whatever an event may say: the names in the types, and the codes. */
const KNOWN_WORDS = [
  ...[...TYPES.matchAll(/'([\w-]+)'/g)].map((match) => match[1]!),
  ...[...source('base/errors.ts').matchAll(/\bERR_\w+/g)].map((match) => match[0]),
]

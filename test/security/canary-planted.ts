/** What is planted: a secret, a value, a user, a label and a password like no other text. */

import { createSessions, type SessionEvent, type SessionOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import type { SessionStore } from '../../src/backends/stored/store.ts'
import { fakeClock } from '../../src/testing/time/clock.ts'
import { through } from '../promises/stores.ts'
import { type Canary, canary } from './canary.ts'

/** Each is found by any 23 characters of it in a row. */
export const PLANTED = {
  secret: 'sQ7vX2qLr9TzK4mBn8YcJ5hGd3FsA6eu-secret',
  oldSecret: 'oZk3nVb7QxRm5tLwP9sHc2JyDf8GaE4uT-secret',
  /** Refused in production, and told about elsewhere. */
  shortSecret: 'kV8wRzT3qMxN6cJy',
  value: 'vHtB4dN8xKfW2mQs7LpZc9Rj-planted-value',
  user: 'uGy3XnD6kVw9TbMq4HsFz7Lc-planted-user',
  label: 'lMk8CfR2vYt5QxPw9JdNb3Hs-planted-label',
  flash: 'fWj6LzQ9bTn4XgKv2RsCd8My-planted-flash',
  password: 'pDx5NvH8qJm3WkTz7BfYc2Gs-planted-password',
} as const

/** The address of a store, as it stands in an environment. */
export const DSN = `postgres://app:${PLANTED.password}@db.internal:5432/sessions`

/** Knows what was planted, and learns the cookies that are made of it. */
export function planted(): Canary {
  const watching = canary()
  for (const [name, text] of Object.entries(PLANTED)) {
    watching.learn(name.endsWith('ecret') ? 'secret' : name === 'password' ? name : 'value', text)
  }
  for (const text of [PLANTED.secret, PLANTED.oldSecret]) {
    watching.learn('secret', Buffer.from(text).toString('base64url'))
    watching.learn('secret', Buffer.from(text).toString('hex'))
  }
  return watching
}

/** What the tests do to a store, from one moment to the next. */
export interface Weather {
  /** Verbs that fail with all a client could quote. */
  failing: readonly string[]
  /** Called before a verb goes on its way. */
  before: (verb: string) => unknown
}

/** Sessions with everything planted; with a store whose client tells all it knows when it fails. */
export function plantedSessions(
  { stored, ...options }: Partial<SessionOptions> & { stored: boolean },
  kept: SessionStore = memoryStore(),
) {
  const weather: Weather = { failing: [], before: () => {} }
  const events: SessionEvent[] = []
  const clock = fakeClock()
  const store = through(kept, async (verb, args, call) => {
    await weather.before(verb)
    if (weather.failing.includes(verb)) throw clientError(args)
    return call()
  })
  const sessions = createSessions<any>({
    secret: [PLANTED.secret, PLANTED.oldSecret],
    clock,
    onEvent: (event) => events.push(event),
    ...(stored ? { store } : {}),
    ...options,
  } as SessionOptions & { store: SessionStore })
  return { sessions, events, clock, weather, store: kept }
}

/** An error as the worst of clients would make it: its address, its command, and a cause of its own. */
export function clientError(args: readonly unknown[]): Error {
  const cause = new Error(`Cannot connect to ${DSN}.`)
  const options = { connectionString: DSN, password: PLANTED.password }
  return Object.assign(new Error(`${DSN} gave no answer to ${JSON.stringify(args)}.`, { cause }), {
    name: 'ClientError',
    code: 'ECONNRESET',
    command: { name: 'EVALSHA', args },
    client: { options },
    detail: `Failing row contains (${JSON.stringify(args)}).`,
    errors: [new Error(DSN)],
  })
}

/** The parts of a cookie that prove something: of an id all but its selector, which is the handle. */
export function learnCookie(watching: Canary, header: string | undefined): void {
  for (const cookie of header?.split('; ') ?? ['']) {
    const value = cookie.slice(cookie.indexOf('=') + 1)
    // Also of one that was cut short or changed.
    const [, verifier, mac] = /^[\w-]{22}\.([\w-]{43})\.([\w-]+)$/.exec(value) ?? []
    for (const part of verifier && mac ? [verifier, mac] : [value]) watching.learn('cookie', part)
  }
}

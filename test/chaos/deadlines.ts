/** Every call of sessions at a store that has stopped answering: when it is settled, and at what cost. */

import { clearTimeout, setInterval, setTimeout } from 'node:timers'
import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'vitest'
import { SessionError, type StoredSessions } from '../../src/index.ts'
import { processorTime } from '../processor-time.ts'

/** The default deadlines, in milliseconds. */
const READ = 250
const COMMIT = 1000

/** How much longer a timer beside a call waits, which the call has to be ahead of. */
const SLACK_MS = 50

/** How long the event loop may be held up. */
const LONGEST_PAUSE_MS = 20

/** How often the work of this thread is looked at. */
const RESOLUTION_MS = 5

/** A busy machine may spoil a round, but not each one. */
const ROUNDS = 12

/** A call, and how long it may take. */
interface Call {
  readonly name: string
  readonly within: number
  /** Gets everything ready while the store is there, and answers what to do once it is away. */
  ready(sessions: StoredSessions): Promise<() => Promise<unknown>>
}

const USER = 'ann'

/** A cookie of somebody, signed in or not, whose session counts from 1. */
export async function cookieOf(sessions: StoredSessions, user?: string): Promise<string> {
  const session = await sessions.open(null)
  session.set('count', 1)
  if (user !== undefined) session.login(user)
  return (await session.commit()).getSetCookie()[0]!.split(';')[0]!
}

const opened = async (sessions: StoredSessions) => sessions.open(await cookieOf(sessions, USER))

const CALLS: readonly Call[] = [
  {
    name: 'open',
    within: READ,
    async ready(sessions) {
      const cookie = await cookieOf(sessions, USER)
      return () => sessions.open(cookie)
    },
  },
  committing('commit of a write', (session) => session.update('count', (n) => n + 1)),
  committing('commit of a regenerate', (session) => session.regenerate()),
  committing('commit of a login in place', (session) => session.login(USER)),
  committing('commit of a login as somebody else', (session) => session.login('bob')),
  committing('commit of a logout', (session) => session.logout()),
  {
    name: 'commit of a first write',
    within: COMMIT,
    async ready(sessions) {
      const session = await sessions.open(null)
      session.set('count', 1)
      return () => session.commit()
    },
  },
  {
    name: 'commit of a first login',
    within: COMMIT,
    async ready(sessions) {
      const session = await sessions.open(null)
      session.login(USER)
      return () => session.commit()
    },
  },
  across('list', (sessions) => sessions.list(USER)),
  across('revoke', (sessions) => sessions.revoke(USER, 'of-nobody-of-nobody-no')),
  across('revokeUser', (sessions) => sessions.revokeUser(USER)),
]

function committing(
  name: string,
  work: (session: Awaited<ReturnType<typeof opened>>) => unknown,
): Call {
  return {
    name,
    within: COMMIT,
    async ready(sessions) {
      const session = await opened(sessions)
      work(session)
      return () => session.commit()
    },
  }
}

function across(name: string, act: (sessions: StoredSessions) => Promise<unknown>): Call {
  return { name, within: COMMIT, ready: async (sessions) => () => act(sessions) }
}

/** A revocation of the round before may be repeated in the background, and end a session that begins. */
const PASSING: readonly string[] = ['ERR_STORE_UNAVAILABLE', 'ERR_SESSION_GONE']

/** Does what a busy machine may not get done within a deadline, until it does. */
export async function patiently<Done>(act: () => Promise<Done>): Promise<Done> {
  for (;;) {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof SessionError && PASSING.includes(error.code))) throw error
      // A call that is refused at once would be repeated before any reply is read.
      await turn()
    }
  }
}

/** What became of a call. */
interface Settled {
  readonly name: string
  readonly error: unknown
  /** Whether the timer beside it ended first. */
  readonly isLate: boolean
}

/** What a round of calls came to. */
export interface Round {
  readonly calls: readonly Settled[]
  /** The most processor time that this thread took between two turns of the event loop. */
  readonly pause: number
}

/** Makes every kind of call at once, several times each, as the requests of a busy site do. */
export async function makeCalls(
  sessions: StoredSessions,
  { times, away, back }: { times: number; away(): unknown; back(): unknown },
): Promise<Round> {
  const ready: { call: Call; act: () => Promise<unknown> }[] = []
  for (const call of CALLS) {
    for (let time = 0; time < times; time += 1) {
      ready.push({ call, act: await patiently(() => call.ready(sessions)) })
    }
  }
  await away()
  const work = watchWork()
  const calls = await Promise.all(
    ready.map(async ({ call: { name, within }, act }) => {
      let isLate = false
      // Timers of one loop end in their order, however late a busy machine makes both.
      const limit = setTimeout(() => (isLate = true), within + SLACK_MS)
      const error = await act().then(
        () => undefined,
        (reason: unknown) => reason,
      )
      clearTimeout(limit)
      return { name, error, isLate }
    }),
  )
  const pause = work.longest()
  await back()
  return { pause, calls }
}

/** Looks every few milliseconds how much this thread has worked since: other programs do not count. */
function watchWork(): { longest(): number } {
  let longest = 0
  let before = processorTime()
  const watch = setInterval(() => {
    const now = processorTime()
    longest = Math.max(longest, now - before)
    before = now
  }, RESOLUTION_MS)
  return {
    longest() {
      clearInterval(watch)
      return longest
    },
  }
}

export function expectUnavailable({ calls }: Round): void {
  for (const { name, error } of calls) {
    const code = error instanceof SessionError ? error.code : error
    expect([name, code]).toEqual([name, 'ERR_STORE_UNAVAILABLE'])
  }
}

/**
 * Makes rounds until each call of one was settled in time, and the loop was not held up in one: the
 * garbage collector pauses it too. Where it does so in each round, it does the same while the store
 * is there.
 */
export async function expectInTime(
  fault: () => Promise<Round>,
  baseline: () => Promise<Round>,
): Promise<number> {
  let late: readonly string[] | undefined
  let shortest = Infinity
  let usual = Infinity
  const isDecided = () => late?.length === 0 && shortest < Math.max(LONGEST_PAUSE_MS, 1.5 * usual)
  for (let round = 0; round < ROUNDS && !isDecided(); round += 1) {
    usual = Math.min(usual, (await baseline()).pause)
    const { calls, pause } = await fault()
    shortest = Math.min(shortest, pause)
    const now = calls.filter(({ isLate }) => isLate).map(({ name }) => name)
    if (late === undefined || now.length < late.length) late = now
  }
  expect(late).toEqual([])
  expect(shortest).toBeLessThan(Math.max(LONGEST_PAUSE_MS, 1.5 * usual))
  return shortest
}

/** Visitors who go on using a site while its store is away, and hold each answer against what they know. */

import { setTimeout as pace } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { createSessions, type SessionEvent, type Sessions } from '../../src/index.ts'
import type { SessionStore } from '../../src/backends/stored/store.ts'
import { type Answer, type Browser, browser, expressSite } from '../promises/site.ts'
import { SECRET } from '../session/visitor.ts'

/** Sessions with the default deadlines. */
export function sessionsOn(store: SessionStore, onEvent: (event: SessionEvent) => void = () => {}) {
  return createSessions<any>({ secret: SECRET, store, onEvent })
}

/** An Express app on a store; answers its address. */
export function siteOn(sessions: Sessions<any>): Promise<string> {
  return expressSite(sessions, {
    'sign-in'(session, query) {
      session.login(query.get('user')!)
    },
    'sign-out': (session) => session.logout(),
    add(session) {
      session.update('count', (count = 0) => count + 1)
      return { user: session.userId ?? null, count: session.get('count') }
    },
    look: (session) => ({ user: session.userId ?? null, count: session.get('count') ?? 0 }),
  })
}

/** Asks until the site has its store, and keeps the cookie it answers with; counts the refusals. */
export async function answered(
  visitor: Browser,
  path: string,
): Promise<Answer & { refused: number }> {
  for (let refused = 0; ; refused += 1) {
    const answer = await visitor.visit(path)
    if (answer.status !== 503) return { ...answer, refused }
    expectRefusal(answer)
    await pace(10)
  }
}

/** Nothing is known of the visitor then, so nothing may be done to the cookie. */
export function expectRefusal({ status, headers, setCookie, body }: Answer): void {
  expect({ status, setCookie, body }).toEqual({
    status: 503,
    setCookie: undefined,
    body: expect.not.stringContaining('"user"'),
  })
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('retry-after')).toMatch(/^[1-5]$/)
}

/** A load that goes on until it is told to end. */
export interface Load {
  /** Answers that were right, and those that said that the store is away. */
  readonly right: number
  readonly refused: number
  /** Acknowledged counts that were not there afterwards. */
  readonly lost: number
  /** Comes true when each visitor was given so many right answers to what was asked from now on. */
  rightAgain(times: number): Promise<void>
  /** Ends it; throws what was wrong with an answer. */
  end(): Promise<void>
}

/**
 * Signs visitors in at a site, and lets each count in the own session, one request after the other.
 *
 * An answer is right where it is the visitor's own, has all that was acknowledged before, and no
 * more than was asked for.
 *
 * @param options.mayLose so many acknowledged counts each visitor may lose, where the engine does
 * not promise to keep them.
 */
export async function loadOf(
  url: string,
  name: string,
  visitors: number,
  { mayLose = 0 } = {},
): Promise<Load> {
  const state = { right: 0, refused: 0, lost: 0, isOver: false }
  const streaks = new Map<string, number>()

  async function visit(user: string): Promise<void> {
    const jar = browser(url)
    expect((await answered(jar, `sign-in?user=${user}`)).status).toBe(200)
    let acknowledged = 0
    let asked = 0
    let missing = 0
    for (let turn = 0; !state.isOver; turn += 1) {
      const isAdd = turn % 3 > 0
      if (isAdd) asked += 1
      const before = streaks.get(user)
      const answer = await jar.visit(isAdd ? 'add' : 'look')
      if (answer.status === 503) {
        expectRefusal(answer)
        state.refused += 1
      } else {
        expect([answer.status, answer.shown?.user]).toEqual([200, user])
        const { count } = answer.shown
        const lost = Math.max(acknowledged + (isAdd ? 1 : 0) - count, 0)
        missing += lost
        state.lost += lost
        expect([user, missing <= mayLose, count <= asked]).toEqual([user, true, true])
        acknowledged = count
        state.right += 1
        // What was asked before the counting began again does not count.
        if (streaks.get(user) !== undefined && before !== undefined) {
          streaks.set(user, streaks.get(user)! + 1)
        }
      }
      await pace(answer.status === 503 ? 20 : 2)
    }
  }

  const users = Array.from({ length: visitors }, (_, n) => `${name}-${n}`)
  const visits = Promise.all(users.map(visit)).finally(() => (state.isOver = true))
  visits.catch(() => {})
  onTestFinished(() => {
    state.isOver = true
  })
  return {
    get right() {
      return state.right
    },
    get lost() {
      return state.lost
    },
    get refused() {
      return state.refused
    },
    async rightAgain(times) {
      for (const user of users) streaks.set(user, 0)
      while (!state.isOver && users.some((user) => streaks.get(user)! < times)) await pace(2)
      streaks.clear()
      if (state.isOver) await visits
    },
    async end() {
      state.isOver = true
      await visits
    },
  }
}

/** What nobody caught until the test is over: it would have ended the app. */
export function strayErrors(): unknown[] {
  const stray: unknown[] = []
  const note = (error: unknown) => void stray.push(error)
  process.on('unhandledRejection', note).on('uncaughtException', note)
  onTestFinished(() => void process.off('unhandledRejection', note).off('uncaughtException', note))
  return stray
}

/** Prints a figure of a run. */
export function report(line: string): void {
  process.stdout.write(`  chaos: ${line}\n`)
}

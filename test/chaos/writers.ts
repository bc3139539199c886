/** Users who write to their sessions, log out and log in again, and remember what was acknowledged. */

import { setTimeout as pace } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { SessionError, type StoredSessions } from '../../src/index.ts'

/** What the writers have seen. */
export interface Tally {
  /** Commits that were acknowledged. */
  acknowledged: number
  /** Calls that failed with ERR_STORE_UNAVAILABLE: their outcome was unknown. */
  refused: number
  /** Acknowledged increments that a later request did not find, and acknowledged logins. */
  lost: number
  /** Acknowledged logouts. */
  loggedOut: number
}

/** Writers that go on until they are told to end. */
export interface Writers {
  readonly tally: Tally
  readonly users: readonly string[]
  /** Resolves when each writer has had so many more commits acknowledged. */
  more(commits: number): Promise<void>
  /** Ends them, and returns what their cookies are good for. */
  end(): Promise<Cookies>
}

/** The cookies that the writers have. */
export interface Cookies {
  /** Of the session that each user is signed in with. */
  readonly current: ReadonlyMap<string, string>
  /** Of sessions whose logout was acknowledged. */
  readonly ended: readonly string[]
}

/** After so many increments a writer logs out and in again. */
const INCREMENTS = 8

/** Starts one writer for each user. Each works on its own session, one request after the other. */
export function startWriters(sessions: StoredSessions<any>, name: string, count: number): Writers {
  const tally: Tally = { acknowledged: 0, refused: 0, lost: 0, loggedOut: 0 }
  const users = Array.from({ length: count }, (_, n) => `${name}-${n}`)
  const commits = new Map<string, number>(users.map((user) => [user, 0]))
  const current = new Map<string, string>()
  const ended: string[] = []
  const state = { isOver: false }

  /** Runs a request until its outcome is known. */
  async function surely<Result>(request: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        return await request()
      } catch (error) {
        if (!(error instanceof SessionError && error.code === 'ERR_STORE_UNAVAILABLE')) throw error
        tally.refused += 1
        await pace(20)
      }
    }
  }

  function acknowledge(user: string): void {
    tally.acknowledged += 1
    commits.set(user, commits.get(user)! + 1)
  }

  async function login(user: string): Promise<string> {
    const cookie = await surely(async () => {
      const session = await sessions.open(null)
      session.login(user)
      session.set('count', 0)
      return cookieOf(await session.commit())!
    })
    acknowledge(user)
    return cookie
  }

  /** Logs out; a second request for the outcome finds the session ended. */
  async function logout(user: string, cookie: string): Promise<void> {
    await surely(async () => {
      const session = await sessions.open(cookie)
      session.logout()
      await session.commit()
    })
    acknowledge(user)
    tally.loggedOut += 1
    ended.push(cookie)
  }

  /** Increments the count in the session that often; returns its cookie, or nothing if it was lost. */
  async function write(user: string, first: string): Promise<string | undefined> {
    let cookie = first
    let known = 0
    for (let asked = 1; asked <= INCREMENTS && !state.isOver; asked++) {
      const done = await surely(async () => {
        const session = await sessions.open(cookie)
        if (session.userId !== user) return undefined
        const before = session.get('count') as number
        session.set('count', before + 1)
        return { before, cookie: cookieOf(await session.commit()) }
      })
      if (!done) {
        tally.lost += known + 1
        return undefined
      }
      // A commit whose outcome was unknown may have been made: then there is more than is known.
      tally.lost += Math.max(known - done.before, 0)
      known = done.before + 1
      cookie = done.cookie ?? cookie
      acknowledge(user)
      await pace(2)
    }
    return cookie
  }

  async function work(user: string): Promise<void> {
    while (!state.isOver) {
      const cookie = await write(user, await login(user))
      current.delete(user)
      if (cookie === undefined) continue
      if (state.isOver) current.set(user, cookie)
      else await logout(user, cookie)
    }
  }

  const all = Promise.all(users.map(work)).finally(() => (state.isOver = true))
  all.catch(() => {})
  onTestFinished(() => {
    state.isOver = true
  })
  return {
    tally,
    users,
    async more(wanted) {
      const then = new Map(commits)
      const isDone = (user: string) => commits.get(user)! - then.get(user)! >= wanted
      while (!state.isOver && !users.every(isDone)) await pace(5)
      if (state.isOver) await all
    },
    async end() {
      state.isOver = true
      await all
      return { current, ended }
    },
  }
}

function cookieOf(headers: Headers): string | undefined {
  return headers.getSetCookie()[0]?.split(';', 1)[0]
}

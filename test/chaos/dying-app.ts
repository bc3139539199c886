/** An app that many users visit, and that kills itself while each of them stands at another store call. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { SessionStore } from '../../src/backends/stored/store.ts'
import { openStore, type Place } from '../promises/open-store.ts'
import { aroundCalls, type Jars, lifeSessions, STEPS } from './life.ts'

/** What the app is told. */
export interface Dying {
  readonly place: Place
  /** One user for each: the store call at which the life of that user is stopped. */
  readonly lives: readonly number[]
  /** Before that call was made, after its answer had come, or while all these calls are under way. */
  readonly when: 'before' | 'after' | 'during'
}

/** What is known of a life outside. */
export interface Told {
  readonly stoppedAt: number
  /** How many steps were answered. */
  readonly step: number
  readonly jars: Jars
}

const { place, lives, when }: Dying = JSON.parse(process.argv[2] ?? '')
const { store } = await openStore(place)
const stopped: (() => Promise<unknown>)[] = []

process.on('unhandledRejection', (error) => {
  process.stderr.write(`${String(error)}\n`)
})
for (const stopAt of lives) void live(stopAt)

async function live(stopAt: number): Promise<void> {
  const jars: Jars = {}
  const sessions = lifeSessions(stoppingAt(stopAt), Date.now)
  for (const [step, { run }] of STEPS.entries()) {
    await run(sessions, jars, `user-${stopAt}`)
    // A pipe is written to at once: what was told is not lost with this process.
    process.stdout.write(`${JSON.stringify({ stoppedAt: stopAt, step: step + 1, jars })}\n`)
  }
  stand(() => Promise.resolve())
}

/** A store one of whose calls, and each that comes after it, is never answered. */
function stoppingAt(stopAt: number): SessionStore {
  let calls = 0
  return aroundCalls(store, async (call) => {
    calls += 1
    if (calls < stopAt) return call()
    if (calls === stopAt) {
      if (when === 'after') await call()
      stand(call)
    }
    return new Promise(() => {})
  })
}

/** The last one to get to its place ends it for all. */
function stand(call: () => Promise<unknown>): void {
  stopped.push(call)
  if (stopped.length === lives.length) void die()
}

async function die(): Promise<void> {
  if (when === 'during') {
    for (const call of stopped) void call()
    // So that it is not always the same part of them that is on its way, executed or answered.
    for (let turns = Math.floor(Math.random() * 4); turns > 0; turns -= 1) await nextTurn()
  }
  process.kill(process.pid, 'SIGKILL')
}

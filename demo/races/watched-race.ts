/** A race that is watched: what has happened so far, for everybody who looks. */

import { randomBytes } from 'node:crypto'
import type { Contender } from './contender.ts'
import { type AfterLogout, race, type RaceOptions, type Step } from './run.ts'
import { serveContenders } from './serving.ts'

/** What the visitor has chosen. */
export interface Choice {
  readonly order: RaceOptions['order']
  /** Whether express-session on its MemoryStore runs, too: the last write wins there. */
  readonly lastWriteWins: boolean
}

/** One library in the race, so far. */
export interface Lane {
  readonly contender: Pick<Contender, 'name' | 'path' | 'with' | 'code'>
  now: 'waiting' | Step['race'] | 'finished'
  answered: number
  counted: number
  keysAnswered: number
  keys: number
  /** What happens in the race beside a logout. */
  event: string | undefined
  afterLogout: AfterLogout[]
}

/** A race that runs, or has ended. */
export interface WatchedRace {
  readonly choice: Choice
  readonly increments: number
  readonly lanes: readonly Lane[]
  /** Resolved when all lanes have ended; rejected if a request failed that has to succeed. */
  readonly ended: Promise<void>
  /** Calls a listener after each step; returns what ends that. */
  watch(listener: () => void): () => void
}

/** How many requests at once. */
export const AT_ONCE = 50

/** Else a thousand requests were done before anybody had looked. In milliseconds. */
const PAUSE = 60

/** Starts it, each library on an empty store in this process's memory. */
export async function startRace(choice: Choice, increments: number): Promise<WatchedRace> {
  const contenders = await contendersFor(choice)
  const listeners = new Set<() => void>()
  const lanes = contenders.map(laneOf)

  async function run(): Promise<void> {
    const { origin, close } = await serveContenders(contenders, 0)
    try {
      for (const [at, contender] of contenders.entries()) {
        const lane = lanes[at]!
        const report = (step: Step) => {
          advance(lane, step)
          for (const listener of listeners) listener()
        }
        const url = `${origin}/${contender.path}`
        await race(contender, { ...choice, url, increments, atOnce: AT_ONCE, pause: PAUSE, report })
        lane.now = 'finished'
      }
    } finally {
      await close()
    }
  }

  return {
    choice,
    increments,
    lanes,
    ended: run(),
    watch(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

function advance(lane: Lane, step: Step): void {
  lane.now = step.race
  switch (step.race) {
    case 'increments':
      lane.answered = step.answered
      lane.counted = step.kept.count
      break
    case 'keys':
      lane.keysAnswered = step.answered
      lane.keys = step.kept.keys
      break
    case 'logout':
      if ('event' in step) lane.event = step.event
      else lane.afterLogout.push(step.after)
  }
}

function laneOf(contender: Contender): Lane {
  const zero = { answered: 0, counted: 0, keysAnswered: 0, keys: 0 }
  return { contender, now: 'waiting', ...zero, event: undefined, afterLogout: [] }
}

/** Loaded by the first race: the demo starts without the libraries it is compared with. */
async function contendersFor({ lastWriteWins }: Choice): Promise<Contender[]> {
  const secret = randomBytes(32).toString('base64url')
  const place = { client: undefined, prefix: '', secret, close: async () => {} }
  const { sojourn } = await import('./contenders/sojourn.ts')
  if (!lastWriteWins) return [sojourn(place)]
  const { expressSession } = await import('./contenders/express-session.ts')
  return [sojourn(place), expressSession(place)]
}

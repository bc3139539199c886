/** Shows an app forged cookies, any number of them, and tells what came of it. */

import { setImmediate } from 'node:timers/promises'
import { cookieValues } from '../../src/http/cookie.ts'
import { seededRandom } from '../record/random.ts'
import { OLD_SECRET } from '../session/visitor.ts'
import { heapAfterCollection } from '../stores/memory/heap.ts'
import type { Hands } from './forger.ts'
import { CHANGES } from './forging-changes.ts'
import { FORMS } from './forging-forms.ts'
import { type App, type Kind, KINDS } from './kinds.ts'
import { randomWork } from './random-sessions.ts'
import { loopTime, processorTime } from '../processor-time.ts'

/** What came of it. */
export interface Outcome {
  /** What opened or threw: nothing, one hopes. With the seed and the number that make it again. */
  failures: string[]
  /** Calls of the store. */
  calls: number
  /** How much more of the heap is in use, in bytes. */
  grown: number
  /** Processor time of this thread, in the time of a fixed loop, `loopTime`. */
  cpu: number
  /** How long the slowest value takes, in the same loops. */
  longest: number
  /** How many of each way there were. */
  made: Map<string, number>
}

/** How many genuine cookies of each kind a forger holds. */
const HELD = 12

/** Every so often one goes through the Cookie header, too. */
const THROUGH_HEADER = 500

/** More failures than these tell nothing new. */
const ENOUGH = 20

/** Every way to forge, by name. */
const WAYS = Object.entries({ ...CHANGES, ...FORMS })

/** Forges that many cookies of a kind. The same seed makes the same ones. */
export async function forge(
  kind: Kind,
  { count, seed }: { count: number; seed: number },
): Promise<Outcome> {
  const app = kind.app()
  const hands = await handsFor(kind, app, seededRandom(seed))
  const genuine = new Set(hands.own)
  const made = new Map(WAYS.map(([name]) => [name, 0]))
  const failures: string[] = []
  let longest = 0
  // What is compiled and cached along the way is there before anything is measured.
  for (let n = 0; n < Math.min(count, 5_000); n += 1)
    await look(app, WAYS[n % WAYS.length]![1](hands))
  const before = { calls: app.calls(), heap: heapAfterCollection(), cpu: processorTime() }

  for (let n = 0, turn = 0; n < count; turn += 1) {
    const [name, way] = WAYS[turn % WAYS.length]!
    const value = way(hands)
    // Taken apart and put together, a cookie may be the one it was.
    if (genuine.has(value)) continue
    n += 1
    made.set(name, made.get(name)! + 1)
    const start = processorTime()
    const verdict = look(app, value)
    const took = processorTime() - start
    if (took > longest) longest = Math.max(longest, shortest(app, value))
    const said =
      verdict ?? (n % THROUGH_HEADER === 0 ? await lookThrough(app, value, genuine) : undefined)
    if (said && failures.length < ENOUGH)
      failures.push(`${said}: seed ${seed}, number ${n}, ${name}: ${JSON.stringify(value)}`)
    // As a server would, which comes back to its sockets.
    if (n % 10_000 === 0) await setImmediate()
  }

  const cpu = processorTime() - before.cpu
  const loop = loopTime()
  return {
    failures,
    calls: app.calls() - before.calls,
    grown: heapAfterCollection() - before.heap,
    cpu: cpu / loop,
    longest: longest / loop,
    made,
  }
}

/** What is wrong with how the backend takes a value, if something is. */
function look(app: App, value: string): string | undefined {
  try {
    const outcome = app.open(value)
    if (outcome instanceof Promise) return 'the store was asked'
    return outcome.record || outcome.verified > 0 ? 'opened' : undefined
  } catch (error) {
    return `threw ${String(error)}`
  }
}

async function lookThrough(app: App, value: string, genuine: Set<string>) {
  // Quotation marks, blanks and semicolons around a genuine cookie are the header's own syntax.
  if (cookieValues(`session=${value}`, 'session').some((sent) => genuine.has(sent)))
    return undefined
  app.events.length = 0
  try {
    return (await app.accepts(value)) ? 'opened through the header' : undefined
  } catch (error) {
    return `threw ${String(error)} through the header`
  }
}

/** Other work on the machine makes any value slow once; a slow value is slow each time. */
function shortest(app: App, value: string): number {
  const times = Array.from({ length: 20 }, () => {
    const start = processorTime()
    look(app, value)
    return processorTime() - start
  })
  return Math.min(...times)
}

async function handsFor(kind: Kind, app: App, random: () => number): Promise<Hands> {
  const below = (limit: number) => Math.floor(random() * limit)
  const held = async (from: App) => {
    const cookies: string[] = []
    for (let n = 0; n < HELD; n += 1) {
      // Each at a time of its own, so that times can be exchanged as well.
      from.clock.advance(1000)
      cookies.push(await from.cookieOf(randomWork(random)))
    }
    return cookies
  }
  const others = [
    ...KINDS.filter((other) => other !== kind).map((other) => other.app()),
    kind.app({ secret: OLD_SECRET }),
    ...(kind.namesItself ? [kind.app({ name: 'other' })] : []),
  ]
  const foreign: string[] = []
  for (const other of others) foreign.push(...(await held(other)))
  return {
    own: await held(app),
    foreign,
    random,
    below,
    one: (items) => items[below(items.length)]!,
  }
}

/** Four processes whose secrets are rotated under load, and the visitors that go from one to another. */

import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { type FakeClock, fakeClock } from '../../src/testing/time/clock.ts'
import { type Chance, chanceOf } from '../model/chance.ts'
import { type StoreName, storeOf } from '../promises/stores.ts'
import type { Done, Order, Request, Response, Start } from './rotation-worker.ts'

/** How keys are rolled out: the next one is known everywhere before it signs, or it is not. */
export type Rollout = 'prepublished' | 'at once'

/** Where the sessions of a fleet are kept. */
export interface FleetOptions {
  readonly store?: Exclude<StoreName, 'memory'>
  readonly encrypt?: boolean
  /** Whether the ids rotate, too, each minute. */
  readonly rotate?: boolean
}

/** The secret of a step: the same in each run. */
export function secretOf(step: number): string {
  return createHash('sha256').update(`the secret of step ${step}`).digest('base64url')
}

/** The three keys of a step. */
export function ringOf(step: number, rollout: Rollout): string[] {
  const steps = rollout === 'prepublished' ? [step, step + 1, step - 1] : [step, step - 1, step - 2]
  return steps.map(secretOf)
}

/** The processes, and their common time. */
export interface Fleet {
  readonly clock: FakeClock
  readonly size: number
  /** What all events so far were, by name. */
  readonly events: Record<string, number>
  /** Another process opens the same store. */
  readonly store: Awaited<ReturnType<typeof storeOf>> | undefined
  configure(process: number, secrets: readonly string[]): Promise<void>
  request(process: number, requests: readonly Request[]): Promise<readonly Response[]>
  secretUse(process: number): Promise<NonNullable<Done['use']>>
}

const SIZE = 4

/** Starts the processes; they end with the test. */
export async function startFleet({
  store,
  encrypt = false,
  rotate = false,
}: FleetOptions): Promise<Fleet> {
  const clock = fakeClock()
  const opened = store && (await storeOf(store, clock))
  const start: Start = { place: opened?.place, encrypt, rotate }
  const events: Record<string, number> = {}
  const processes = await Promise.all(Array.from({ length: SIZE }, () => startProcess(start)))
  let orders = 0

  async function give(to: number, told: DistributiveOmit<Order, 'order'>): Promise<Done> {
    const order = (orders += 1)
    const done = await processes[to]!({ ...told, order } as Order)
    for (const [name, times] of Object.entries(done.events)) {
      events[name] = (events[name] ?? 0) + times
    }
    if (done.failure !== undefined) throw new Error(done.failure)
    return done
  }

  return {
    clock,
    size: SIZE,
    events,
    store: opened,
    configure: async (to, secrets) => void (await give(to, { secrets, now: clock() })),
    request: async (to, requests) => (await give(to, { requests, now: clock() })).responses ?? [],
    secretUse: async (to) => (await give(to, { tell: 'secretUse' })).use ?? [],
  }
}

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown
  ? Omit<Union, Key>
  : never

async function startProcess(start: Start): Promise<(told: Order) => Promise<Done>> {
  const program = fileURLToPath(new URL('rotation-worker.ts', import.meta.url))
  const child: ChildProcess = fork(program, [JSON.stringify(start)], { execArgv: [] })
  const waiting = new Map<number, (done: Done) => void>()
  onTestFinished(async () => {
    const ended = once(child, 'exit')
    child.kill()
    await ended
  })
  await once(child, 'message')
  child.on('message', (done: Done) => {
    waiting.get(done.order)?.(done)
    waiting.delete(done.order)
  })
  return (told) =>
    new Promise((resolve) => {
      waiting.set(told.order, resolve)
      child.send(told)
    })
}

/** Somebody with a cookie jar, who was signed in at the beginning. */
export interface Visitor {
  readonly name: string
  cookie: string
  /** How often this visitor's counter was told to count. */
  counted: number
  /** What it says now. */
  count: number
}

/** What a time of rotations came to. */
export interface Rotated {
  visits: number
  loggedOut: number
  readonly visitors: readonly Visitor[]
  /** Cookies that were taken while each step was the newest, as a thief would. */
  readonly taken: readonly { readonly step: number; readonly cookie: string }[]
}

/** How the keys are rotated. */
export interface Rotation {
  readonly rollout: Rollout
  /** One rotation a second. */
  readonly seconds: number
  readonly seed: number
  /** Called when all processes have taken over, and every visitor has come by. */
  readonly settled?: (step: number, visitors: readonly Visitor[]) => Promise<void> | void
}

const VISITORS = 8

/** Rotates the keys each second: the processes take over one after the other, while visits go on. */
export async function rotate(fleet: Fleet, rotation: Rotation): Promise<Rotated> {
  const { rollout, seconds, seed, settled = () => {} } = rotation
  const chance = chanceOf(seed)
  const visitors = Array.from({ length: VISITORS }, (_, n): Visitor => {
    return { name: `visitor-${n}`, cookie: '', counted: 0, count: 0 }
  })
  const taken: { step: number; cookie: string }[] = []
  const rotated: Rotated = { visits: 0, loggedOut: 0, visitors, taken }
  const everywhere = Array.from({ length: fleet.size }, (_, n) => n)
  await Promise.all(everywhere.map((n) => fleet.configure(n, ringOf(0, rollout))))
  await Promise.all(visitors.map((visitor) => visit(visitor, { login: visitor.name })))

  for (let step = 1; step <= seconds; step += 1) {
    fleet.clock.advance(1_000)
    for (const process of shuffled(everywhere, chance)) {
      const load = visitors.filter(() => chance.is(0.4)).map(thrice)
      await Promise.all([fleet.configure(process, ringOf(step, rollout)), ...load])
    }
    await Promise.all(visitors.map((visitor) => visit(visitor)))
    if (step % 10 === 1) taken.push(...visitors.map(({ cookie }) => ({ step, cookie })))
    await settled(step, visitors)
  }
  return rotated

  /** Two requests at once with one cookie, and one with what the last answer has left. */
  async function thrice(visitor: Visitor): Promise<void> {
    await Promise.all([visit(visitor), visit(visitor)])
    await visit(visitor)
  }

  async function visit(visitor: Visitor, told?: Request['does']): Promise<void> {
    const does = told ?? (chance.is(0.2) ? 'count' : 'look')
    const { cookie } = visitor
    const [response] = await fleet.request(chance.below(fleet.size), [{ cookie, does }])
    const { setCookie, user, count } = response!
    rotated.visits += 1
    const isThere = user === visitor.name
    if (!isThere) rotated.loggedOut += 1
    if (isThere && does === 'count') visitor.counted += 1
    visitor.count = Math.max(visitor.count, count)
    if (setCookie !== undefined) visitor.cookie = setCookie.split(';')[0]!
    if (!isThere && told === undefined) await visit(visitor, { login: visitor.name })
  }
}

function shuffled<Item>(items: readonly Item[], chance: Chance): Item[] {
  return items
    .map((item) => ({ item, at: chance.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

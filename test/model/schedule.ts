/** Runs one random schedule to its end, and says what went wrong in it. */

import type { Alarm, Command } from './network.ts'
import { administered } from './administration.ts'
import { judged } from './judgement.ts'
import { lost, USERS } from './losses.ts'
import { type Deed, visited } from './requests.ts'
import { TIMES } from './settings.ts'
import { type Plan, type World, worldOf } from './world.ts'

/** What a schedule came to. */
export interface Outcome {
  readonly violations: readonly string[]
  readonly steps: number
}

/** More steps than this after the last fault mean that something hangs. */
const MAX_STEPS = 3_000

/** Runs the schedule of a seed. */
export async function run(plan: Plan): Promise<Outcome> {
  const world = worldOf(plan)
  const { oracle, settings } = world
  const pending = new Set<Promise<void>>()
  const track = (request: Promise<void>) => {
    pending.add(request)
    request.then(
      () => pending.delete(request),
      (error: unknown) => oracle.fail(`a request broke: ${String((error as Error).stack)}`),
    )
  }
  let steps = 0
  for (const browser of world.browsers) {
    if (world.chance.is(0.2)) continue
    const deed = world.chance.is(0.5) ? 'login' : 'write'
    track(visited(world, visitOf(world, browser, deed)))
    while (await calm(world)) steps += 1
  }
  let rest = settings.requests
  while (rest > 0 || isBusy(world)) {
    if (oracle.violations.length > 0 || steps > MAX_STEPS) break
    steps += 1
    if (rest > 0 && world.chance.is(0.15)) {
      rest -= 1
      track(started(world))
      await settled()
    } else await step(world)
    if (rest === 0 && steps > 400) break
  }
  world.store.state.isFull = false
  let quiet = 0
  while (oracle.violations.length === 0 && (await calm(world))) {
    quiet += 1
    if (quiet > MAX_STEPS) oracle.fail('the network is quiet, and it never ends')
  }
  if (oracle.violations.length === 0) await judged(world, pending)
  return { violations: oracle.violations, steps: steps + quiet }
}

function visitOf(world: World, browser: World['browsers'][number], deed: Deed) {
  const { chance } = world
  world.requests += 1
  const isThief = browser.past.length > 0 && chance.is(world.settings.theme.old)
  return {
    name: `r${world.requests}`,
    browser,
    instance: chance.pick(world.instances),
    deed,
    user: chance.pick(world.settings.theme.users ?? USERS),
    value: isThief ? chance.pick(browser.past) : browser.jar,
  }
}

function started(world: World): Promise<void> {
  const { chance, settings } = world
  const { deeds, across, users = USERS } = settings.theme
  if (chance.is(across)) return administered(world, chance.pick(users))
  return visited(world, visitOf(world, chance.pick(world.browsers), chance.pick(deeds)))
}

/** Lets everything that can run do so. */
function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}

function isBusy({ network, browsers }: World): boolean {
  const { open, alarms, waiting } = network
  if (open.length + alarms.length + waiting.length > 0) return true
  return browsers.some(({ arriving }) => arriving.length > 0)
}

/** One random step. */
async function step(world: World): Promise<void> {
  const { chance, settings, network, oracle } = world
  if (settings.faults > 0 && chance.is(settings.faults)) return fault(world)
  if (chance.is(settings.crashes)) return crash(world)
  if (settings.losses > 0 && chance.is(settings.losses)) {
    if (chance.is(0.3)) world.replica = world.store.copy()
    else return lost(world)
  }
  if (chance.is(settings.jumps)) return network.advance(Math.floor(chance.pick(JUMPS)))
  const browser = world.browsers.find(({ arriving }) => arriving.length > 0)
  if (browser && chance.is(0.2)) return arrive(world, browser)
  const { open, waiting } = network
  if (waiting.length > 0 && chance.is(0.3)) {
    waiting.splice(chance.below(waiting.length), 1)[0]!.resume()
    return settled()
  }
  const short = network.alarms.filter(({ delay }) => delay < 100)
  if (short.length > 0 && chance.is(0.3)) return ring(world, earliest(short)!)
  if (open.length > 0) {
    const command = chance.pick(open)
    if (command.executed === 0) command.execute()
    if (oracle.violations.length === 0 && chance.is(0.6)) return deliver(world, command)
    return
  }
  if (waiting.length > 0 || browser) return
  const alarm = earliest(network.alarms)
  if (alarm) return ring(world, alarm)
}

const JUMPS = [
  1,
  100,
  1_000,
  TIMES.grace / 2,
  TIMES.grace + 1_000,
  61_000,
  TIMES.idle / 9,
  TIMES.idle / 2,
  TIMES.idle * 0.95,
  TIMES.idle * 0.95,
  TIMES.idle * 1.25,
  TIMES.permanent / 2,
]

/** Something goes wrong. */
async function fault(world: World): Promise<void> {
  const { chance, network } = world
  const { open, ghosts } = network
  const kind = chance.below(5)
  if (kind < 2 && ghosts.length > 0) {
    const at = chance.below(ghosts.length)
    if (ghosts[at]!.executed > 1) ghosts.splice(at, 1)
    else ghosts[at]!.execute()
    return
  }
  if (kind === 4) {
    const alarm = earliest(network.alarms)
    return alarm && ring(world, alarm)
  }
  if (open.length === 0) return
  const command = chance.pick(open)
  if (chance.is(0.5) && command.executed === 0) command.execute()
  open.splice(open.indexOf(command), 1)
  ghosts.push(command)
  // Otherwise its answer is lost, and the client waits until its deadline.
  if (chance.is(0.6)) command.breakOff()
  return settled()
}

async function crash(world: World): Promise<void> {
  const { process } = world.chance.pick(world.instances)
  world.network.crash(process)
  world.boot(`${process.name}'`)
}

/** A Set-Cookie line reaches its browser: any of those under way; some never do. */
async function arrive(world: World, browser: World['browsers'][number]): Promise<void> {
  const { chance, settings } = world
  const [value] = browser.arriving.splice(chance.below(browser.arriving.length), 1)
  if (settings.faults > 0 && chance.is(0.1)) return
  world.note(() => `${browser.name} keeps ${value?.slice(0, 32)}`)
  browser.jar = value === '' ? undefined : value
  if (value) browser.past.push(value)
}

function earliest(alarms: readonly Alarm[]): Alarm | undefined {
  let first: Alarm | undefined
  for (const alarm of alarms) if (!first || alarm.due < first.due) first = alarm
  return first
}

async function ring({ network, note }: World, alarm: Alarm): Promise<void> {
  network.alarms.splice(network.alarms.indexOf(alarm), 1)
  network.advance(Math.max(0, alarm.due - network.now()))
  note(() => `${alarm.process.name} timer of ${alarm.delay} ms`)
  alarm.run()
  return settled()
}

async function deliver({ network, chance }: World, command: Command): Promise<void> {
  const { open, ghosts } = network
  open.splice(open.indexOf(command), 1)
  if (chance.is(0.5)) ghosts.push(command)
  command.deliver()
  return settled()
}

/** One step without faults; answers whether there was anything to do. */
async function calm(world: World): Promise<boolean> {
  const { network, browsers } = world
  const { open, waiting, ghosts } = network
  const browser = browsers.find(({ arriving }) => arriving.length > 0)
  const [command] = open
  if (command) {
    if (command.executed === 0) command.execute()
    await deliver(world, command)
  } else if (waiting.length > 0) {
    waiting.shift()!.resume()
    await settled()
  } else if (ghosts.length > 0) {
    const ghost = ghosts.shift()!
    if (ghost.executed < 2 && world.settings.faults > 0 && world.chance.is(0.5)) ghost.execute()
  } else if (browser) await arrive(world, browser)
  else {
    const alarm = earliest(network.alarms)
    if (!alarm) return false
    await ring(world, alarm)
  }
  return true
}

/** One schedule's world: processes with real backends, a store, browsers, and what is drawn for them. */

import type { storedBackend, BackendParts } from '../../src/backends/stored/stored.ts'
import { decodeEntry, entryEnded } from '../../src/backends/stored/entry.ts'
import type { StoreVerbs } from '../../src/backends/stored/store.ts'
import { sessionIdFormat } from '../../src/backends/stored/session-id.ts'
import { setCookieWriter } from '../../src/http/set-cookie.ts'
import { layoutWith } from '../../src/session/setup/own-preset.ts'
import { drawnSettings, type Settings, TIMES } from './settings.ts'
import { type Chance, chanceOf } from './chance.ts'
import { type Network, network, type Process } from './network.ts'
import { type Oracle, oracleOf } from './oracle.ts'
import type { Flaw } from './flaw.ts'
import { type Copy, modelStore, type ModelStore } from './store.ts'

/** What makes a backend: the real thing, or a variant of it. */
export type MakeBackend = typeof storedBackend

/** A backend in a process. */
export interface Instance {
  readonly process: Process
  readonly backend: BackendParts
}

/** A cookie jar, and the Set-Cookie lines on their way to it. */
export interface Browser {
  readonly name: string
  jar: string | undefined
  /** What it ever held: an old tab or a thief may show it again. */
  readonly past: string[]
  readonly arriving: string[]
}

/** One schedule's world. */
export interface World {
  readonly chance: Chance
  readonly settings: Settings
  readonly network: Network
  readonly store: ModelStore
  readonly oracle: Oracle
  readonly browsers: readonly Browser[]
  instances: Instance[]
  /** What a replica has, that lags. */
  replica: Copy
  /** Stands at once before the store, without being part of the schedule, with a clock that is ahead. */
  observer(ahead: number): BackendParts
  readonly trace: string[] | undefined
  note(text: () => string): void
  /** Starts a process anew after a crash. */
  boot(name: string): void
  requests: number
}

/** How a schedule is to be run. */
export interface Plan {
  seed: number
  makeBackend: MakeBackend
  flaw?: Flaw | undefined
  trace?: string[] | undefined
}

export const layout = layoutWith([])

export const COOKIE = 'session'

const writer = setCookieWriter(
  { name: COOKIE, path: '/', httpOnly: true, secure: false, partitioned: false },
  'Max-Age',
)

const [key1, key2] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]

/** Rings in the middle of a change of secrets: each verifies all, they differ in which one signs. */
const RINGS = [sessionIdFormat([key1, key2]), sessionIdFormat([key2, key1])]

/** Any ring: reads every id. */
export const anyRing = RINGS[0]!

/** Makes the world of a schedule. */
export function worldOf({ seed, makeBackend, flaw, trace }: Plan): World {
  const chance = chanceOf(seed)
  const settings = drawnSettings(chance)
  const note = (text: () => string) => void trace?.push(text())
  const net = network(TIMES.start + chance.below(1_000), note)
  const oracle = oracleOf(net.now, {
    grace: TIMES.grace,
    ...settings,
    isOver(key, row, ahead = 0) {
      const entry = decodeEntry(key, row, { layout })
      const { rules } = shared(settings)
      const ended = entry ? entryEnded(row, entry, rules, net.now() + ahead) : 'corrupt'
      return ended !== undefined && ended !== 'future'
    },
  })
  const store = modelStore(net.now, oracle.watcher, flaw)
  oracle.watch(store)

  function backendIn(process: Process, ring: number): Instance {
    const backend = makeBackend({
      ...shared(settings),
      store: net.storeOf(process, store),
      ids: RINGS[ring]!,
      onReplay: settings.onReplay,
      clock: net.clockOf(process),
      timer: net.timerOf(process),
      background: net.timerOf(process),
      random: chance.bytes,
    })
    return { process, backend }
  }

  const world: World = {
    chance,
    settings,
    network: net,
    store,
    oracle,
    browsers: Array.from({ length: chance.pick([1, 1, 2, 3]) }, (_, at) => ({
      name: `browser${at}`,
      jar: undefined,
      past: [],
      arriving: [],
    })),
    instances: [],
    replica: store.copy(),
    observer: (ahead) =>
      makeBackend({
        ...shared(settings),
        store: atOnce(store),
        ids: anyRing,
        onReplay: 'report',
        clock: () => net.now() + ahead,
        timer: () => () => {},
        background: () => () => {},
        random: chance.bytes,
      }),
    trace,
    note,
    boot(name) {
      world.instances = world.instances.filter(({ process }) => process.isAlive)
      const ahead = settings.skew * (chance.below(3) - 1)
      const process = { name, ahead, isAlive: true }
      const copies = chance.is(0.3) ? 2 : 1
      for (let copy = 0; copy < copies; copy += 1) {
        world.instances.push(backendIn(process, chance.below(settings.secrets)))
      }
    },
    requests: 0,
  }
  for (let at = 1 + chance.below(3); at > 0; at -= 1) world.boot(`p${at}`)
  note(() => `settings ${JSON.stringify(settings)}`)
  return world
}

function shared({ rotate, limit, absolute, commit }: Settings) {
  const { idle, permanent, grace, leeway, read, write } = TIMES
  return {
    writer,
    rules: {
      layout,
      lifetime: { idle, permanent, absolute, leeway, renewal: 'visits' as const },
      rotate,
      grace,
      maxBytes: 1_048_000,
    },
    pollInterval: 30_000,
    deadlines: { read, write, commit, queue: commit },
    limit,
  }
}

/** The store without a network between. */
function atOnce(store: ModelStore): StoreVerbs {
  return {
    engine: 'model',
    read: async (...given) => store.read(...given),
    insert: async (...given) => store.insert(...given),
    swap: async (...given) => store.swap(...given),
    touch: async (...given) => store.touch(...given),
    remove: async (...given) => store.remove(...given),
    epoch: async (...given) => store.epoch(...given),
    admit: async (...given) => store.admit(...given),
    keep: async (...given) => store.keep(...given),
    list: async (...given) => store.list(...given),
    revoke: async (...given) => store.revoke(...given),
    forget: async (...given) => store.forget(...given),
    erase: async (...given) => store.erase(...given),
    async *keys() {
      yield [...store.rows.keys()]
    },
    prune: async () => 0,
    check: async () => [],
  }
}

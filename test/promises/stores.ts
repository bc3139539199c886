/** Every store of `npm test`: each test gets rows of its own, and leaves none. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { systemClock, type Clock } from '../../src/base/ports.ts'
import { createSessions, type EventFacts, type SessionOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import type { SessionStore } from '../../src/backends/stored/store.ts'
import { SECRET } from '../session/visitor.ts'
import { type OpenStore, openStore, type Place } from './open-store.ts'
import { factsOf } from '../session/facts-of.ts'

/** The stores a promise has to hold on. */
export const STORES = ['memory', 'SQLite', 'Redis', 'PostgreSQL'] as const

export type StoreName = (typeof STORES)[number]

/** A store of one test. */
export interface StoreOfTest extends Omit<OpenStore, 'close'> {
  /** How another process opens it; what is in memory no other process sees. */
  readonly place: Place | undefined
  /** Opens it once more, as a second server would, with a client of its own. */
  again(): Promise<SessionStore>
}

let count = 0

/** Opens an empty store, and removes it when the test is over. */
export async function storeOf(name: StoreName, clock: Clock = systemClock): Promise<StoreOfTest> {
  if (name === 'memory') return inMemory(clock)
  const place = placeOf(name)
  const open = async () => {
    const opened = await openStore(place, clock)
    onTestFinished(async () => void (await opened.close()))
    return opened
  }
  const first = await open()
  if (name === 'PostgreSQL') onTestFinished(() => dropTables(place))
  return { ...first, place, again: async () => (await open()).store }
}

function inMemory(clock: Clock): StoreOfTest {
  const owners = new Set<string>()
  const kept = memoryStore({ clock })
  const store: SessionStore = {
    ...kept,
    admit: (owner, ...rest) => kept.admit(owner, ...rest).finally(() => owners.add(owner)),
  }
  return {
    store,
    place: undefined,
    again: async () => store,
    // Nobody reaches behind its back: this deletes the list, and no session.
    loseList: (owner) => kept.erase(owner),
    // Its tombstones end by the test's clock.
    loseTombstone: () => kept.prune(1_000),
    async dump() {
      const found: string[] = []
      for (const owner of owners) found.push(owner, ...(await kept.list(owner)))
      for await (const keys of kept.keys()) {
        for (const key of keys) found.push(key, JSON.stringify(await kept.read(key)))
      }
      return found
    },
  }
}

function placeOf(engine: Place['engine']): Place {
  count += 1
  const name = `promise_${process.pid}_${Date.now().toString(36)}_${count}`
  if (engine === 'SQLite') return { engine, at: join(folder(), 'sessions.db'), name }
  const variable = engine === 'Redis' ? 'REDIS_URL' : 'DATABASE_URL'
  const at = process.env[variable]
  if (!at) throw new Error(`${variable} is empty: the tests' own server did not start.`)
  return { engine, at, name }
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'sojourn-promise-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

async function dropTables({ at, name }: Place): Promise<void> {
  const { Client } = await import('pg')
  const client = new Client({ connectionString: at })
  await client.connect()
  await client.query(
    `DROP TABLE IF EXISTS ${name}_sessions, ${name}_owned, ${name}_owners, ${name}_meta`,
  )
  await client.end()
}

/** Sessions on a store, and what they told. Their patience is that of a machine with much to do. */
export function sessionsOn(
  store: SessionStore,
  options: Partial<Omit<SessionOptions, 'store'>> = {},
) {
  const events: EventFacts[] = []
  const sessions = createSessions<any>({
    secret: SECRET,
    deadlines: { read: '20s', write: '20s', commit: '30s' },
    onEvent: (event) => {
      // What the tests' own servers are set to is not what these tests are about.
      if (event.type !== 'store-finding') events.push(factsOf(event))
    },
    ...options,
    store,
  })
  return { sessions, events }
}

/** What is done around a call of a store. */
export type Around = (
  verb: string,
  args: readonly unknown[],
  call: () => Promise<unknown>,
) => Promise<unknown>

/** The verbs that requests call. */
const VERBS = 'read insert swap touch remove epoch admit keep list revoke forget'.split(' ')

/** A store whose calls pass through the test's hands on their way to a real one. */
export function through(store: SessionStore, around: Around): SessionStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function' || !VERBS.includes(String(name))) return member
      return (...args: unknown[]) =>
        around(String(name), args, () => Reflect.apply(member, target, args) as Promise<unknown>)
    },
  })
}

/** A place where requests wait for each other. */
export function barrier() {
  let open!: () => void
  const opened = new Promise<void>((resolve) => (open = resolve))
  const arrivals: (() => void)[] = []
  let arrived = 0
  return {
    /** Waits here until it is opened. */
    wait(): Promise<void> {
      arrived += 1
      for (const tell of arrivals) tell()
      return opened
    },
    /** Comes true when so many wait. */
    reached(number = 1): Promise<void> {
      return new Promise((resolve) => {
        const tell = () => arrived >= number && resolve()
        arrivals.push(tell)
        tell()
      })
    },
    open,
  }
}

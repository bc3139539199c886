/** What lies between processes and their store: calls, timers and waiting, all in the scheduler's hand. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { GARBAGE_MS, type Revoked, type StoreVerbs } from '../../src/backends/stored/store.ts'
import type { Timer } from '../../src/base/ports.ts'
import { FULL, type ModelStore } from './store.ts'

/** A process: what it waits for never comes once it is dead. */
export interface Process {
  readonly name: string
  /** How far its clock is ahead, in milliseconds. */
  readonly ahead: number
  isAlive: boolean
}

/** Hears of the `revoke` commands of one call of the app. */
export interface RevokeWatch {
  /** One was executed, and left this epoch; `isRaised`: there was another before. */
  executed(epoch: number, isRaised: boolean): void
  /** It asked for this epoch. */
  answered(asked: number, revoked: Revoked): void
}

/** Whose commands are sent: followed through all that is awaited meanwhile. */
export const revoking = new AsyncLocalStorage<RevokeWatch>()

/** A call of a store that is under way. */
export interface Command {
  readonly process: Process
  readonly text: string
  readonly issuedAt: number
  /** Executes it at the store, and answers what the store said the first time. */
  execute(): void
  /** How often it was executed. */
  executed: number
  /** Gives the client the answer. */
  deliver(): void
  /** Tells the client that its connection broke. */
  breakOff(): void
}

/** A timer that was set. */
export interface Alarm {
  readonly process: Process
  readonly due: number
  readonly delay: number
  readonly run: () => void
}

/** A request that goes on when the scheduler says so. */
export interface Waiting {
  readonly process: Process
  readonly resume: () => void
}

/** Everything that can happen next. */
export interface Network {
  readonly now: () => number
  /** What a process takes for the time. */
  clockOf(process: Process): () => number
  /** Lets time pass; what was issued too long ago is never executed any more. */
  advance(ms: number): void
  /** Called, and their clients still wait. */
  readonly open: Command[]
  /** Their clients wait no more, or in vain; they may be executed all the same. */
  readonly ghosts: Command[]
  readonly alarms: Alarm[]
  readonly waiting: Waiting[]
  timerOf(process: Process): Timer
  storeOf(process: Process, store: ModelStore): StoreVerbs
  pause(process: Process): Promise<void>
  crash(process: Process): void
}

type Verb = Exclude<keyof StoreVerbs, 'engine' | 'prune' | 'check'>

/** Makes the network of one schedule. `note` hears of each step, and asks for its text if it is kept. */
export function network(start: number, note: (text: () => string) => void): Network {
  let now = start
  let numbers = 0
  const open: Command[] = []
  const ghosts: Command[] = []
  const alarms: Alarm[] = []
  const waiting: Waiting[] = []

  function send<Answer>(process: Process, verb: Verb, about: string, act: () => Answer) {
    return new Promise<Answer>((resolve, reject) => {
      numbers += 1
      const text = `#${numbers} ${process.name} ${verb} ${about}`
      let answer: { said: Answer } | { error: unknown }
      const command: Command = {
        process,
        text,
        issuedAt: now,
        executed: 0,
        execute() {
          const outcome = outcomeOf(act)
          if (command.executed === 0) answer = outcome
          command.executed += 1
          note(() => `${text}: executed (${command.executed}), ${shown(outcome)}`)
        },
        deliver() {
          note(() => `${text}: answered`)
          if (!process.isAlive) return
          if ('said' in answer) resolve(answer.said)
          else reject(answer.error)
        },
        breakOff() {
          note(() => `${text}: connection broken`)
          if (process.isAlive) reject(new Error('The connection broke.'))
        },
      }
      open.push(command)
      note(() => `${text}: sent`)
    })
  }

  function dropAll<Item extends { process: Process }>(items: Item[], process: Process): void {
    const kept = items.filter((item) => item.process !== process)
    items.splice(0, items.length, ...kept)
  }

  return {
    now: () => now,
    clockOf:
      ({ ahead }) =>
      () =>
        now + ahead,
    open,
    ghosts,
    alarms,
    waiting,
    advance(ms) {
      now += ms
      const isRecent = ({ issuedAt }: Command) => now - issuedAt < GARBAGE_MS
      if (!ghosts.every(isRecent)) ghosts.splice(0, ghosts.length, ...ghosts.filter(isRecent))
      // Its client hears nothing of one that waited for so long, save its own deadline.
      const tooLate = open.filter((command) => !isRecent(command))
      for (const command of tooLate) open.splice(open.indexOf(command), 1)
    },
    timerOf: (process) => (run, delay) => {
      const alarm = { process, due: Math.ceil(now + delay), delay, run }
      alarms.push(alarm)
      return () => {
        const at = alarms.indexOf(alarm)
        if (at >= 0) alarms.splice(at, 1)
      }
    },
    storeOf(process, store) {
      const call = <Answer>(verb: Verb, about: string, act: () => Answer) =>
        send(process, verb, about, act)
      return {
        engine: 'model',
        read: (key) => call('read', brief(key), () => store.read(key)),
        insert: (key, row) => call('insert', brief(key), () => store.insert(key, row)),
        swap: (key, ifWrite, row) =>
          call('swap', `${brief(key)} ${brief(ifWrite)} -> ${brief(row.write)}`, () =>
            store.swap(key, ifWrite, row),
          ),
        touch: (key, at) => call('touch', `${brief(key)} ${at}`, () => store.touch(key, at)),
        remove: (key) => call('remove', brief(key), () => store.remove(key)),
        epoch: (owner) => call('epoch', owner, () => store.epoch(owner)),
        admit: (owner, key, ...rest) =>
          call('admit', `${owner} ${brief(key)} ${JSON.stringify(rest)}`, () =>
            store.admit(owner, key, ...rest),
          ),
        keep: (owner, key, ...rest) =>
          call('keep', `${owner} ${brief(key)} ${rest.join(' ')}`, () =>
            store.keep(owner, key, ...rest),
          ),
        list: (owner, most) => call('list', owner, () => store.list(owner, most)),
        async revoke(owner, ...rest) {
          const watch = revoking.getStore()
          const answer = await call('revoke', `${owner} ${rest.join(' ')}`, () => {
            const before = store.listOf(owner).epoch
            const revoked = store.revoke(owner, ...rest)
            const { epoch } = store.listOf(owner)
            watch?.executed(epoch, epoch !== before)
            return revoked
          })
          watch?.answered(rest[0], answer)
          return answer
        },
        forget: (owner, keys) =>
          call('forget', `${owner} ${keys.map(brief).join()}`, () => store.forget(owner, keys)),
        erase: (owner) => call('erase', owner, () => store.erase(owner)),
        async *keys() {
          yield await call('keys', '', () => [...store.rows.keys()])
        },
        prune: async () => 0,
        check: async () => [],
      }
    },
    pause: (process) =>
      new Promise((resolve) => {
        waiting.push({ process, resume: resolve })
      }),
    crash(process) {
      process.isAlive = false
      note(() => `${process.name} crashes`)
      ghosts.push(...open.filter((command) => command.process === process))
      dropAll(open, process)
      dropAll(alarms, process)
      dropAll(waiting, process)
    },
  }
}

/** So much of a key as a reader of a trace needs. */
export function brief(id: string): string {
  return id.length > 12 ? `${id.slice(0, 4)}${/\.[\w]+$/.exec(id)?.[0] ?? ''}` : id
}

/** What a command came to at the store, which refuses some if it is full. */
function outcomeOf<Answer>(act: () => Answer): { said: Answer } | { error: unknown } {
  try {
    return { said: act() }
  } catch (error) {
    if (!(error instanceof Error && error.message === FULL)) throw error
    return { error }
  }
}

function shown(outcome: { said: unknown } | { error: unknown }): string {
  if ('error' in outcome) return String(outcome.error)
  return JSON.stringify(outcome.said, (name, value: unknown) =>
    name === 'body' || name === 'recent' ? undefined : value,
  )
}

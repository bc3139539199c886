/** What lies between processes and their store: calls, timers and waiting, all in the scheduler's hand. */

import { GARBAGE_MS, type StoreVerbs } from '../../src/backends/stored/store.ts'
import type { Timer } from '../../src/base/ports.ts'
import type { ModelStore } from './store.ts'

/** A process: what it waits for never comes once it is dead. */
export interface Process {
  readonly name: string
  isAlive: boolean
}

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

type Verb = 'read' | 'insert' | 'swap' | 'touch' | 'remove' | 'admit' | 'keep' | 'list' | 'forget'

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
      let answer: Answer
      const command: Command = {
        process,
        text,
        issuedAt: now,
        executed: 0,
        execute() {
          const said = act()
          if (command.executed === 0) answer = said
          command.executed += 1
          note(() => `${text}: executed (${command.executed}), ${shown(said)}`)
        },
        deliver() {
          note(() => `${text}: answered`)
          if (process.isAlive) resolve(answer)
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
        admit: (owner, key, ...rest) =>
          call('admit', `${owner} ${brief(key)} ${JSON.stringify(rest)}`, () =>
            store.admit(owner, key, ...rest),
          ),
        keep: (owner, until) => call('keep', `${owner} ${until}`, () => store.keep(owner, until)),
        list: (owner, at) => call('list', `${owner} ${at ?? ''}`, () => store.list(owner, at)),
        forget: (owner, keys) =>
          call('forget', `${owner} ${keys.map(brief).join()}`, () => store.forget(owner, keys)),
        async *keys() {
          yield await call('list', 'keys', () => [...store.rows.keys()])
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

function shown(answer: unknown): string {
  return JSON.stringify(answer, (name, value: unknown) =>
    name === 'body' || name === 'recent' ? undefined : value,
  )
}

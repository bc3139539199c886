/** Records what several processes see of one store that they all load at once. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { asLastTold, fromLine, type Operation } from './history.ts'
import type { Load } from './load.ts'
import type { Engine, Place } from './open.ts'

/** What a worker is told when it is started; when to begin, it learns later. */
export interface Task extends Place {
  readonly engine: Engine
  readonly load: Omit<Load, 'from' | 'until'>
  /** The file that its history goes to. */
  readonly file: string
}

export interface Run extends Place {
  readonly engine: Engine
  readonly processes: number
  readonly seconds: number
  /** Of each process. */
  readonly load: Omit<Task['load'], 'name'>
  /** What is done to the store meanwhile. */
  readonly disturb?: (running: Running) => Promise<void>
}

export interface Running {
  /** When the run ends, by the clock of the histories. */
  readonly until: bigint
  /** Kills one of the processes, wherever it is just then, and lets another take its place. */
  crash(): Promise<void>
}

/** Starts the processes, lets them run, and gives the histories of all as one. */
export async function record(run: Run): Promise<Operation[]> {
  const { engine, at, processes, seconds, disturb } = run
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-history-'))
  const workers: Worker[] = []
  const add = () => {
    const name = `p${workers.length}`
    const load = { ...run.load, name }
    const worker = startWorker({ engine, at, run: run.run, load, file: join(folder, name) })
    workers.push(worker)
    return worker
  }
  try {
    for (let count = 0; count < processes; count++) add()
    await Promise.all(workers.map(({ ready }) => ready))
    const from = process.hrtime.bigint()
    const until = from + BigInt(Math.round(seconds * 1e9))
    const begin = `${from} ${until}`
    for (const worker of workers) worker.begin(begin)
    const crash = async () => {
      workers.find((worker) => worker.isRunning())?.kill()
      const next = add()
      await next.ready
      next.begin(begin)
    }
    await Promise.all([disturb?.({ until, crash }), ...workers.map(({ over }) => over)])
    await Promise.all(workers.map(({ over }) => over))
    return (await Promise.all(workers.map(({ file }) => historyIn(file)))).flat()
  } finally {
    for (const worker of workers) worker.kill()
    await rm(folder, { recursive: true, force: true })
  }
}

async function historyIn(file: string): Promise<Operation[]> {
  const told: Operation[] = []
  let rest = ''
  for await (const text of createReadStream(file, 'utf8')) {
    const lines = `${rest}${text}`.split('\n')
    // In the end, nothing; or the line that a killed process was about to write.
    rest = lines.pop() ?? ''
    told.push(...lines.map(fromLine))
  }
  return asLastTold(told)
}

interface Worker {
  readonly file: string
  readonly ready: Promise<unknown>
  /** Rejected where the process ends otherwise than by itself or by `kill`. */
  readonly over: Promise<void>
  begin(times: string): void
  isRunning(): boolean
  kill(): void
}

function startWorker(task: Task): Worker {
  const program = fileURLToPath(new URL('worker.ts', import.meta.url))
  const child = spawn(process.execPath, [program, JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const over = once(child, 'exit').then(([code, signal]) => {
    if (code !== 0 && signal !== 'SIGKILL') throw new Error(`A worker ended: ${code ?? signal}.`)
  })
  // Until somebody waits for it.
  over.catch(() => {})
  return {
    file: task.file,
    ready: Promise.race([once(child.stdout, 'data'), over]),
    over,
    begin: (times) => child.stdin.end(`${times}\n`),
    isRunning: () => child.exitCode === null && child.signalCode === null && !child.killed,
    kill: () => void child.kill('SIGKILL'),
  }
}

/** Records what several processes see of one store that they all load at once. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { fromLine, type Operation } from './history.ts'
import type { Load } from './load.ts'
import type { Engine, Place } from './open.ts'

/** What a worker is told when it is started; when to begin, it learns later. */
export interface Task extends Place {
  readonly engine: Engine
  readonly load: Omit<Load, 'from' | 'until'>
}

export interface Run extends Place {
  readonly engine: Engine
  readonly processes: number
  readonly seconds: number
  /** Of each process. */
  readonly load: Omit<Task['load'], 'name'>
  /** What is done to the store meanwhile, until that time. */
  readonly disturb?: (until: bigint) => Promise<void>
}

/** Starts the processes, lets them run, and gives the histories of all as one. */
export async function record(run: Run): Promise<Operation[]> {
  const { engine, at } = run
  const workers = Array.from({ length: run.processes }, (_, index) =>
    startWorker({ engine, at, run: run.run, load: { ...run.load, name: `p${index}` } }),
  )
  try {
    await Promise.all(workers.map(({ ready }) => ready))
    const from = process.hrtime.bigint()
    const until = from + BigInt(Math.round(run.seconds * 1e9))
    for (const { child } of workers) child.stdin?.end(`${from} ${until}\n`)
    const histories = workers.map(({ history }) => history)
    const [all] = await Promise.all([Promise.all(histories), run.disturb?.(until)])
    return all.flat()
  } finally {
    for (const { child } of workers) child.kill('SIGKILL')
  }
}

interface Worker {
  readonly child: ChildProcess
  readonly ready: Promise<unknown>
  /** Rejected where the process fails. */
  readonly history: Promise<Operation[]>
}

function startWorker(task: Task): Worker {
  const program = fileURLToPath(new URL('worker.ts', import.meta.url))
  const child = spawn(process.execPath, [program, JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout)
  const history = historyOf(child, lines)
  const ready = Promise.race([once(lines, 'line'), history])
  return { child, ready, history }
}

async function historyOf(child: ChildProcess, lines: Interface): Promise<Operation[]> {
  const operations: Operation[] = []
  lines.on('line', (line) => {
    if (line.startsWith('[')) operations.push(fromLine(line))
  })
  const [[code, signal]] = await Promise.all([once(child, 'exit'), once(lines, 'close')])
  if (code !== 0) throw new Error(`A worker ended with ${code ?? signal}.`)
  return operations
}

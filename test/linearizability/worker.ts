/** A process that loads a store when it is told to, and prints its history, a line an operation. */

import { createInterface } from 'node:readline'
import { toLine } from './history.ts'
import { work } from './load.ts'
import { OPEN } from './open.ts'
import type { Task } from './record.ts'

const task: Task = JSON.parse(process.argv[2] ?? '')
const { store, close } = await OPEN[task.engine](task)

// All begin at once, when the last of them is connected.
const lines = createInterface(process.stdin)
process.stdout.write('ready\n')
const [from, until] = await new Promise<string[]>((resolve) => {
  lines.once('line', (line) => resolve(line.split(' ')))
})
lines.close()

const told: string[] = []
const load = { ...task.load, from: BigInt(from ?? ''), until: BigInt(until ?? '') }
await work(store, load, (operation) => told.push(toLine(operation)))
await close()
process.stdin.destroy()
process.stdout.write(`${told.join('\n')}\n`)

/** A process that loads a store when it is told to, and writes its history to a file. */

import { openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { toLine } from './history.ts'
import { work } from './load.ts'
import { OPEN } from './open.ts'
import type { Task } from './record.ts'

const task: Task = JSON.parse(process.argv[2] ?? '')
const file = openSync(task.file, 'w')
const { store, close } = await OPEN[task.engine](task)

// All begin at once, when the last of them is connected.
const lines = createInterface(process.stdin)
process.stdout.write('ready\n')
// Whoever should have said so is gone.
const giveUp = () => process.exit(1)
lines.once('close', giveUp)
const [from, until] = await new Promise<string[]>((resolve) => {
  lines.once('line', (line) => resolve(line.split(' ')))
})
lines.off('close', giveUp)
lines.close()

const load = { ...task.load, from: BigInt(from ?? ''), until: BigInt(until ?? '') }
// What is written outlives this process: a call it dies in stands there without an answer.
await work(store, load, (operation) => writeSync(file, `${toLine(operation)}\n`))
await close()
process.stdin.destroy()

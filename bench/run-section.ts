/** Runs one section and sends its figures to the parent: `node bench/run-section.ts <name> <effort>`. */

import { type Effort, Unavailable } from './figures.ts'
import { SECTIONS } from './sections.ts'

const [name, effort] = process.argv.slice(2)
try {
  const figures = await SECTIONS[name!]!(effort as Effort)
  if (process.send) process.send({ figures })
  else {
    for (const { task, by, unit, median, low, high } of figures) {
      const numbers = [median, low, high].map((number) => number.toPrecision(4))
      console.log(`${task.padEnd(28)} ${by.padEnd(26)} ${numbers.join(' ')} ${unit}`)
    }
  }
} catch (error) {
  if (!(error instanceof Unavailable)) throw error
  if (process.send) process.send({ skipped: error.message })
  else console.log(error.message)
}
process.disconnect?.()

/**
 * Runs the benchmarks: `npm run bench`, in two minutes `npm run bench -- --quick`, as JSON `-- --json`.
 *
 * Names of sections run only those: `npm run bench -- Redis SQLite`.
 */

import { fork } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Effort, Figure } from './figures.ts'
import { goalsOf } from './goals.ts'
import { machine, versions } from './report/machine.ts'
import { plot } from './report/plot.ts'
import { quoted } from './report/quote.ts'
import { type Results, resultsPage } from './report/results.ts'
import { summary } from './report/summary.ts'
import { SECTIONS } from './sections.ts'

const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'))
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const effort: Effort = flags.includes('--quick') ? 'quick' : 'full'
const unknown = [
  ...flags.filter((flag) => !['--quick', '--json'].includes(flag)),
  ...names.filter((name) => !Object.hasOwn(SECTIONS, name)),
]
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(', ')}. Sections: ${Object.keys(SECTIONS).join(', ')}.`)
  process.exit(2)
}

const began = performance.now()
const figures: Figure[] = []
const skipped: Record<string, string> = {}
for (const name of names.length > 0 ? names : Object.keys(SECTIONS)) {
  process.stderr.write(`${name} ... `)
  const start = performance.now()
  const outcome = await runSection(name)
  if (outcome.figures) figures.push(...outcome.figures)
  else skipped[name] = outcome.skipped
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  process.stderr.write(outcome.figures ? `${seconds} s\n` : `skipped: ${outcome.skipped}\n`)
}

const results: Results = {
  date: new Date().toISOString().slice(0, 10),
  effort,
  seconds: Math.round((performance.now() - began) / 1000),
  machine: machine(),
  versions: versions(),
  goals: goalsOf(figures),
  skipped,
  figures,
}
if (effort === 'full' && names.length === 0) {
  const place = (path: string) => fileURLToPath(new URL(path, import.meta.url))
  writeFileSync(place('RESULTS.md'), resultsPage(results))
  writeFileSync(place('../docs/performance.svg'), plot(results))
  const docs = place('../docs/performance.md')
  writeFileSync(docs, quoted(readFileSync(docs, 'utf8'), results))
}
// What was not measured has to be in the JSON as well.
const replacer = (_key: string, value: unknown) => (value === undefined ? null : value)
console.log(flags.includes('--json') ? JSON.stringify(results, replacer, 2) : summary(results))

type Outcome = { figures: Figure[]; skipped?: never } | { figures?: never; skipped: string }

/** Runs a section in a process of its own. What it prints is shown only if it fails. */
function runSection(name: string): Promise<Outcome> {
  const file = fileURLToPath(new URL('run-section.ts', import.meta.url))
  const child = fork(file, [name, effort], {
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let printed = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (printed += text))
  return new Promise((resolve) => {
    let outcome: Outcome | undefined
    child.on('message', (message) => (outcome = message as Outcome))
    child.on('close', () => {
      if (outcome) return resolve(outcome)
      process.stderr.write(printed)
      process.exitCode = 1
      resolve({ skipped: 'it failed' })
    })
  })
}

/** Runs the scenarios one after another, and says of each how it ended. */

import { SUITES } from './scenarios.mjs'

/** A scenario that takes longer hangs. Nothing asserts on the time of one that does not. */
const PATIENCE_MS = 60_000

/** @returns `passed`, or what went wrong, by suite and sentence. */
export async function runAll(host, suites = Object.keys(SUITES)) {
  const outcomes = {}
  for (const suite of suites) {
    outcomes[suite] = {}
    for (const [name, run] of Object.entries(SUITES[suite])) {
      outcomes[suite][name] = await within(run(host))
    }
  }
  return outcomes
}

async function within(running) {
  let timer
  const hung = new Promise((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, 'hung')
  })
  const ended = running.then(
    () => 'passed',
    (error) => String(error?.stack ?? error),
  )
  return Promise.race([ended, hung]).finally(() => clearTimeout(timer))
}

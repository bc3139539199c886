/** Launcher: the gate's comparisons over HTTP/1, with the gate of the installed package. */

import { isDeepStrictEqual } from 'node:util'
import { COMMITS, compare, type Comparison } from '../../adapters/node/gate-compare.ts'
import { SCENARIOS } from '../../adapters/node/gate-scenarios.ts'

/** An exchange that takes longer hangs, with the gate or without it. */
const PATIENCE_MS = 10_000

const [gate = ''] = process.argv.slice(2)
const { holdHeaders } = await import(gate)
// Some runtimes report the error of an aborted exchange here, for whichever exchange it was.
for (const name of ['uncaughtException', 'unhandledRejection']) process.on(name, () => {})

const outcomes: Record<string, Record<string, string>> = {}
for (const [name, scenario] of Object.entries(SCENARIOS)) {
  if (!(scenario.protocols ?? ['http1']).includes('http1')) continue
  const commits = Object.keys(COMMITS)
  const found = await Promise.all(
    commits.map((commit) => inTime(compare(scenario, 'http1', commit, holdHeaders))),
  )
  outcomes[name] = Object.fromEntries(commits.map((commit, index) => [commit, found[index]!]))
}
process.stdout.write(JSON.stringify(outcomes), () => process.exit(0))

async function inTime(comparing: Promise<Comparison>): Promise<string> {
  let timer: NodeJS.Timeout
  const hung = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, 'hung')
  })
  return Promise.race([comparing.then(verdict, (error) => `failed: ${error}`), hung]).finally(() =>
    clearTimeout(timer),
  )
}

/** What differs behind the gate. */
function verdict({ bare, gated, cookies, expectedCookies }: Comparison): string {
  if (cookies && !isDeepStrictEqual(cookies, expectedCookies)) {
    return cookies.length < expectedCookies.length ? 'the cookie is lost' : 'another cookie'
  }
  const keys = Object.keys(bare) as (keyof typeof bare)[]
  const differing = keys.filter((key) => !isDeepStrictEqual(bare[key], gated[key]))
  return differing.length === 0 ? 'passed' : `differs: ${differing.join(', ')}`
}

/** The behaviour suite from the packed library, on every runtime; and the gate, by difference. */

import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COMMITS } from '../adapters/node/gate-compare.ts'
import { SCENARIOS as GATE_SCENARIOS } from '../adapters/node/gate-scenarios.ts'
import { root } from '../package/repository.ts'
import { DIFFERING_RUNTIMES, differenceIn, differencesOf } from './differences.ts'
import { installPackage, installRuntimes, outcomesOf, PROCESSES, VERSIONS } from './installed.ts'
import { serveBy } from './served.ts'
import { outcomesInWorkerd, serveWorker } from './workerd.ts'

type BySuite = Record<string, Record<string, string>>

const scenarios = new URL('suite/scenarios.mjs', import.meta.url).href
const { SUITES } = (await import(scenarios)) as { SUITES: Record<string, object> }

let programs: Record<string, string>
let folder: string

beforeAll(async () => {
  programs = await installRuntimes()
  folder = await installPackage(['express', 'compression'])
  await build({
    entryPoints: [join(root, 'test/runtimes/gate/run-gate.ts')],
    outfile: join(folder, 'run-gate.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  })
})
afterAll(() => rmSync(folder, { recursive: true }))

describe.each(Object.keys(VERSIONS))('%s', (name) => {
  let outcomes: BySuite = {}
  beforeAll(async () => {
    outcomes =
      name === 'workerd'
        ? await outcomesInWorkerd(programs[name]!, folder)
        : await outcomesOf(name, programs[name]!, 'suite/run-in-process.mjs', { folder })
  })

  describe.each(Object.entries(SUITES))('%s', (suite, cases) => {
    test.each(Object.keys(cases))('%s', (scenario) => {
      const known = differenceIn(name, suite, scenario)
      const outcome = outcomes[suite]?.[scenario]
      if (known === undefined) expect(outcome).toBe('passed')
      else expect(outcome).toContain(known)
    })
  })
})

/** Each scenario over HTTP/1 with each commit: what a client and an app see of the gate. */
describe.each(PROCESSES)('%s', (name) => {
  const differences = differencesOf(name, Object.keys(COMMITS))
  let outcomes: Record<string, Record<string, string>> = {}
  beforeAll(async () => {
    const gate = join(folder, 'node_modules/sojourn/dist/adapters/node/gate.js')
    outcomes = await outcomesOf(name, programs[name]!, 'run-gate.mjs', { folder, args: [gate] })
  })

  describe('the gate', () => {
    const overHttp1 = Object.entries(GATE_SCENARIOS).filter(([, { protocols = ['http1'] }]) =>
      protocols.includes('http1'),
    )
    test.each(overHttp1.map(([scenario]) => scenario))('%s', (scenario) => {
      const known = differences.get(scenario) ?? {}
      const expected = Object.keys(COMMITS).map((commit) => [commit, known[commit] ?? 'passed'])
      expect(outcomes[scenario]).toEqual(Object.fromEntries(expected))
    })
  })
})

test('every known difference is one of a runtime and a scenario that there are', () => {
  const unknown = PROCESSES.flatMap((name) => [...differencesOf(name, []).keys()]).filter(
    (scenario) => !(scenario in GATE_SCENARIOS),
  )
  expect(unknown).toEqual([])
  expect(DIFFERING_RUNTIMES.filter((name) => !(name in VERSIONS))).toEqual([])
})

const SECRET = 'pW7vX2qLr9TzK4mBn8YcJ5hGd3FsA6eu'

test.each(['Bun', 'Deno', 'workerd'] as const)(
  'the example of a Fetch handler counts its visits as it is, served by %s',
  async (name) => {
    const program = programs[name]!
    copyFileSync(join(root, 'examples/fetch.ts'), join(folder, 'fetch.ts'))
    const { url, stop } =
      name === 'workerd'
        ? await serveWorker(program, folder, 'fetch.ts', SECRET)
        : await serveBy(name, program, folder, 'fetch.ts', SECRET)
    try {
      let cookie = ''
      for (const visits of [1, 2, 3]) {
        const response = await fetch(url, { headers: { cookie } })
        expect(response.headers.get('content-type')).toMatch(/^text\/html/)
        expect(await response.text()).toContain(`Visits: ${visits}<`)
        cookie = response.headers.getSetCookie()[0]!.split(';')[0]!
      }
    } finally {
      await stop()
    }
  },
)

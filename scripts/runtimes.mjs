/** Writes docs/runtimes.md from a run of the long tests: which runtime passed which suite. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root } from './machine.mjs'

const FILES = {
  behaviour: 'test/runtimes/runtimes.long.test.ts',
  stores: 'test/runtimes/stores.long.test.ts',
  permission: 'test/runtimes/permission.long.test.ts',
}

/** The test that there are as many cases as ran. */
const COUNTED = 'every case that ran is one of these'

const read = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'))
const versions = read('test/runtimes/versions.json')
const differences = read('test/runtimes/differences.json')

/** Writes the page from a report of vitest in JSON, and answers how many runtimes are in it. */
export function writeRuntimes(report) {
  const behaviour = counted(report, FILES.behaviour, 2)
  const suites = [...new Set([...behaviour.keys()].map((key) => key.split('\n')[1]))]
  const runtimes = Object.keys(versions).filter((name) => behaviour.has(`${name}\n${suites[0]}`))
  if (runtimes.length === 0) throw new Error(`No test of ${FILES.behaviour} has run.`)
  const matrix = runtimes.map((name) => {
    const cells = suites.map((suite) => cellOf(behaviour.get(`${name}\n${suite}`)))
    return row(name, versions[name], ...cells)
  })
  const stores = [...counted(report, FILES.stores, 2)].map(([key, counts]) => {
    const [runtime, client] = key.split('\n')
    return row(runtime, client, versionOf(client, runtime), cellOf(counts))
  })
  const permission = ofPermission(report)
  const known = Object.entries(differences).flatMap(([name, list]) =>
    list.map(({ suite = 'the gate', scenario, outcome, commits, why }) => {
      const what = commits ? `${scenario} (commit ${commits.join('; ')})` : scenario
      return row(name, suite, what, outcome, why)
    }),
  )
  const head = row('runtime', 'version', ...suites)
  writeFileSync(
    join(root, 'docs/runtimes.md'),
    page({ matrix: [head, line(suites.length + 2), ...matrix], stores, permission, known }),
  )
  return runtimes.length
}

const row = (...cells) => `| ${cells.join(' | ')} |`
const line = (cells) => row(...Array.from({ length: cells }, () => '---'))

/** The tests of a file that passed and failed, by the titles around them. */
function counted(report, file, depth) {
  const found = new Map()
  for (const { title, status, ancestorTitles } of testsOf(report, file)) {
    if (ancestorTitles.length !== depth || title === COUNTED) continue
    const key = ancestorTitles.join('\n')
    const counts = found.get(key) ?? { passed: 0, failed: 0 }
    counts[status === 'passed' ? 'passed' : 'failed'] += 1
    found.set(key, counts)
  }
  return found
}

function testsOf(report, file) {
  const found = report.testResults.find(({ name }) => relative(root, name) === file)
  return found?.assertionResults ?? []
}

function cellOf(counts) {
  if (!counts) return 'no sockets'
  return counts.failed > 0 ? `${counts.passed}, **${counts.failed} failed**` : `${counts.passed}`
}

function ofPermission(report) {
  const own = testsOf(report, FILES.permission)
  const onStores = testsOf(report, FILES.stores).filter(({ ancestorTitles: [first] }) =>
    first?.endsWith('--permission'),
  )
  return [...own, ...onStores].map(({ title, status, ancestorTitles: [name] }) =>
    row(name.replace(' --permission', ''), title, status === 'passed' ? 'yes' : '**no**'),
  )
}

/** A client of npm has a version of its own. */
function versionOf(client, runtime) {
  if (/[:.]/.test(client)) return `${runtime} ${versions[runtime]}`.replace(/^Node \S+/, 'Node')
  return read(`node_modules/${client}/package.json`).version
}

function page({ matrix, stores, permission, known }) {
  return `# Tested runtimes

This page lists the versions of Node.js, Bun, Deno and workerd (Cloudflare Workers) on which Sojourn is tested, and the known differences. You
need it to check that your runtime is supported. [The guide to runtimes](guide/runtimes.md) says how to run an app on each.

Every runtime runs the same scenarios with the packed library, as npm would publish it. A cell is the number of scenarios
that passed. The runtime's own server serves the Fetch handlers: \`Bun.serve\`, \`Deno.serve\`, a Worker's \`fetch\`. The scenarios of the column
"store" use \`memoryStore()\`; the [table of stores](#stores) has the databases.

The last column is the gate, which holds a \`node:http\` response until the session is saved. Each of its scenarios runs with and without
the gate, and with five kinds of commits. The app and its client have to see the same. workerd opens no sockets, so the gate's client
cannot run there.

\`npm run test:long\` writes this page.

${matrix.join('\n')}

## Stores

The conformance suite of \`sojourn/testing\` and further cases for each database, against real servers. [Tested clients](clients.md)
has the clients on Node 24.

| runtime | client | version | cases |
${line(4)}
${stores.join('\n')}

## Node's permission model

\`node --permission\` grants only \`--allow-fs-read\` for the app's folder, and what the row names.

| Node | test | passed |
${line(3)}
${permission.join('\n')}

## Known differences

Here a runtime behaves differently from the current Node.js. A test checks each of these outcomes. It fails if the behaviour changes,
even if the runtime then behaves as Node.js does. The cases above include these scenarios.

| runtime | suite | scenario | outcome | why |
${line(5)}
${known.join('\n')}
`
}

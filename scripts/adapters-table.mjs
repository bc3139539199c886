/** Writes docs/adapters-table.md from a run of the tests: which adapter passed which scenario. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './machine.mjs'

/** As the tests of test/adapters/conformance/run.ts call themselves. */
const SUITE = /^conformance of (.+)$/
const TITLE = /^\[([\w-]+)\] (.+?)(?: \(instead: (.+)\))?$/

/** Writes the page from a report of vitest in JSON, and returns how many adapters are in it. */
export function writeAdapters(report) {
  const adapters = new Set()
  const scenarios = new Map()
  const exceptions = []
  for (const { title, status, ancestorTitles } of report.testResults.flatMap(
    ({ assertionResults }) => assertionResults,
  )) {
    const adapter = ancestorTitles.map((part) => SUITE.exec(part)?.[1]).find(Boolean)
    const [, id, name, instead] = TITLE.exec(title) ?? []
    if (adapter === undefined || id === undefined) continue
    adapters.add(adapter)
    const row = scenarios.get(id) ?? { name, cells: new Map() }
    scenarios.set(id, row)
    if (instead !== undefined) exceptions.push(`${adapter}, ${id}: \`${instead}\``)
    const passed = instead === undefined ? 'yes' : `no (${exceptions.length})`
    row.cells.set(adapter, status === 'passed' ? passed : '**failed**')
  }
  if (adapters.size === 0) throw new Error('No test ran the adapter suite.')
  const columns = [...adapters].toSorted((a, b) => a.localeCompare(b, 'en'))
  const rows = [...scenarios].map(([id, { name, cells }]) => {
    const line = [id, name, ...columns.map((adapter) => cells.get(adapter) ?? '-')]
    return `| ${line.join(' | ')} |`
  })
  writeFileSync(join(root, 'docs/adapters-table.md'), page(columns, rows, exceptions))
  return columns.length
}

function page(columns, rows, exceptions) {
  const head = ['id', 'scenario', ...columns.map(withVersion)]
  return `# Adapters and scenarios

This page shows which behaviour of sessions is tested with which framework. You need it to check what your framework supports.

Every adapter runs \`adapterConformance\` of \`sojourn/testing\`, over real sockets:

- \`yes\`: the adapter does what the scenario says.
- \`-\`: the framework or the adapter does not have this feature.
- \`no\`: the framework does something else. It is listed below the table, and tested as well.

\`npm run test:long\` writes this page.

| ${head.join(' | ')} |
| ${head.map(() => '---').join(' | ')} |
${rows.join('\n')}

## What happens where the table says "no"

${exceptions.map((line, at) => `${at + 1}. ${line}`).join('\n')}
`
}

/** Adds the version of the package that has the adapter's name, such as `express4`. */
function withVersion(adapter) {
  const name = adapter
    .toLowerCase()
    .replace(/ (?=\d)/, '')
    .replaceAll(' ', '-')
  const version =
    read(`node_modules/${name}/package.json`)?.version ??
    read(`examples/${name}/package.json`)?.dependencies[name]
  return version === undefined ? adapter : `${adapter.replace(/ \d+$/, '')} ${version}`
}

function read(path) {
  const file = join(root, path)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

/** Writes docs/clients.md from a run of the long tests: which client passed which conformance cases. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root } from './machine.mjs'

/** The test files that run the conformance suite, and what they run it on. */
const FILES = {
  'test/stores/memory/memory.test.ts': ['memory', () => 'none'],
  'test/stores/sqlite/sqlite.test.ts': ['SQLite', () => 'node:sqlite'],
  'test/stores/sqlite/better-sqlite3.long.test.ts': ['SQLite', () => 'better-sqlite3'],
  'test/stores/redis/redis.test.ts': ['Redis', () => 'ioredis, default options'],
  'test/stores/redis/clients.long.test.ts': ['Redis', ([place, client]) => `${client}: ${place}`],
  'test/stores/postgres/postgres.test.ts': ['PostgreSQL', () => 'pg'],
  'test/stores/postgres/clients.long.test.ts': ['PostgreSQL', ([client]) => words(client)],
  'test/stores/postgres/pgbouncer.long.test.ts': [
    'PostgreSQL',
    ([mode, client]) => `${client}: PgBouncer in ${mode}`,
  ],
}

/** The package behind a client's name, the longest name first. */
const PACKAGES = {
  'better-sqlite3': 'better-sqlite3',
  'node-redis': 'redis',
  iovalkey: 'iovalkey',
  ioredis: 'ioredis',
  pglite: '@electric-sql/pglite',
  postgres: 'postgres',
  pg: 'pg',
}

/** Writes the page from a report of vitest in JSON, and answers how many clients are in it. */
export async function writeClients(report) {
  const { storeConformance } = await import('../dist/testing/testing.js')
  const harness = { open: () => ({ store: undefined }), advance: () => {} }
  const names = new Set(storeConformance(harness).map(({ name }) => name))
  const clients = new Map()
  for (const { name: file, assertionResults } of report.testResults) {
    const [engine, clientOf] = FILES[relative(root, file)] ?? []
    if (!engine) continue
    for (const { title, status, ancestorTitles } of assertionResults) {
      if (!names.has(title)) continue
      const client = clientOf(ancestorTitles.filter((part) => !part.startsWith('conformance')))
      const key = `${engine}\n${client}`
      const seen = clients.get(key) ?? { engine, client, passed: 0, failed: 0 }
      seen[status === 'passed' ? 'passed' : 'failed'] += 1
      clients.set(key, seen)
    }
  }
  const inOrder = [...clients.values()].toSorted((a, b) =>
    `${a.engine} ${a.client}`.localeCompare(`${b.engine} ${b.client}`, 'en'),
  )
  if (inOrder.length === 0) throw new Error('No test ran the conformance suite: see FILES.')
  const rows = inOrder.map(({ engine, client, passed, failed }) => {
    const cases = failed > 0 ? `${passed} passed, **${failed} failed**` : `${passed} passed`
    return `| ${engine} | ${client} | ${versionOf(client)} | ${cases} |`
  })
  writeFileSync(join(root, 'docs/clients.md'), page(rows))
  return rows.length
}

function page(rows) {
  return `# Tested clients

This page lists the database clients with which each store is tested. You need it to choose a client, or to check that
yours is supported.

Every store runs the conformance suite of \`sojourn/testing\`: race conditions, lost and repeated commands, tombstones, unusual
characters, users' lists of sessions, and pruning. The cases on the deletion of expired rows need a database whose clock the test can set. If a
client is tested in two ways, its cases are counted together. [Tested runtimes](runtimes.md) has higher numbers, because further
cases for each database are counted there.

\`npm run test:long\` writes this page.

| database | client | version | cases |
| --- | --- | --- | --- |
${rows.join('\n')}
`
}

function words(name) {
  return String(name).replaceAll('_', ' ')
}

function versionOf(client) {
  const name = Object.keys(PACKAGES).find((part) => client.includes(part))
  if (!name) return client.startsWith('node:') ? `Node ${nodeVersion()}` : ''
  if (name === 'better-sqlite3') return betterSqliteVersion()
  const file = join(root, 'node_modules', PACKAGES[name], 'package.json')
  return JSON.parse(readFileSync(file, 'utf8')).version
}

function nodeVersion() {
  return JSON.parse(readFileSync(join(root, 'node_modules/node/package.json'), 'utf8')).version
}

/** It is no dependency, since it has to be compiled: its test names the version it installs. */
function betterSqliteVersion() {
  const text = readFileSync(join(root, 'test/stores/sqlite/better-sqlite3-install.mjs'), 'utf8')
  return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? ''
}

/** The SQLite store on better-sqlite3, compiled for the machine's own Node, from dist/. */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { storeConformance } from '../../../src/testing/testing.ts'

const DIST = fileURLToPath(new URL('../../../dist', import.meta.url))

/** What is looked into besides the conformance suite: the names in `better-sqlite3-run.mjs`. */
const OWN = [
  'a transaction of the application is refused',
  'a lock is waited for although the application has a busy timeout',
  'synchronous is raised to FULL, and the file is in WAL mode',
  'tables that are missing are told, before and after the first verb',
]

let outcomes: Record<string, string> = {}

beforeAll(() => {
  if (!existsSync(`${DIST}/stores/sqlite/sqlite.js`))
    throw new Error('dist/ is missing: npm run build')
  const { node, folder } = JSON.parse(run(process.execPath, 'better-sqlite3-install.mjs')) as {
    node: string
    folder: string
  }
  outcomes = JSON.parse(run(node, 'better-sqlite3-run.mjs', DIST, folder)) as typeof outcomes
}, 900_000)

const names = storeConformance({
  open: () => {
    throw new Error('The cases run in another process; here only their names are asked for.')
  },
  advance: () => undefined,
}).map(({ name }) => name)

describe.each(['in a file', 'with big integers'])('conformance %s', (suite) => {
  test.each(names)('%s', (name) => {
    expect(outcomes[`${suite}: ${name}`]).toBe('passed')
  })
})

test.each(OWN)('%s', (name) => {
  expect(outcomes[`own: ${name}`]).toBe('passed')
})

test('every case that ran is one of these', () => {
  expect(Object.keys(outcomes)).toHaveLength(2 * names.length + OWN.length)
})

/** Runs a program beside this file to its end, and gives what it wrote. */
function run(node: string, program: string, ...args: string[]): string {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const { status, stdout, stderr } = spawnSync(node, [path, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  if (status !== 0) throw new Error(stderr || `${program} ended with ${status}.`)
  return stdout
}

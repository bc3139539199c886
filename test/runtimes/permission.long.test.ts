/** Under Node's permission model the library needs nothing but to read the app's files. */

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installPackage, installRuntimes, outcomesOf } from './installed.ts'

/** Node 20 has it as an experiment. From 25 on it also restricts the network. */
const FLAGS = {
  'Node 20.19': ['--experimental-permission'],
  'Node 22': ['--permission'],
  'Node 24': ['--permission'],
  'Node 26': ['--permission'],
}

/** Suites that open no socket of their own. */
const WITHOUT_SOCKETS = ['session', 'cookies', 'store', 'diagnostics', 'fetch']
const WITH_SERVERS = ['node:http', 'Express']

let programs: Record<string, string>
let folder: string

beforeAll(async () => {
  programs = await installRuntimes()
  folder = await installPackage(['express'])
})
afterAll(() => rmSync(folder, { recursive: true }))

async function failures(name: string, flags: readonly string[], suites: readonly string[]) {
  const start = { folder, flags: [...flags, `--allow-fs-read=${join(folder, '*')}`], args: suites }
  const outcomes = await outcomesOf<Record<string, Record<string, string>>>(
    name,
    programs[name]!,
    'suite/run-in-process.mjs',
    start,
  )
  expect(Object.keys(outcomes)).toEqual(['rights', ...suites])
  const { rights, ...rest } = outcomes
  // The run is worth nothing if it had more rights than it was to have.
  expect(rights).toEqual({ 'fs.write': 'denied', child: 'denied', worker: 'denied' })
  return Object.values(rest)
    .flatMap((suite) => Object.entries(suite))
    .filter(([, outcome]) => outcome !== 'passed')
}

describe.each(Object.entries(FLAGS))('%s', (name, flags) => {
  test('sessions in cookies and in memory need no right but to read the app', async () => {
    expect(await failures(name, flags, WITHOUT_SOCKETS)).toEqual([])
  })

  test('a server needs the network, and nothing else', async () => {
    const net = name === 'Node 26' ? ['--allow-net'] : []
    expect(await failures(name, [...flags, ...net], WITH_SERVERS)).toEqual([])
  })
})

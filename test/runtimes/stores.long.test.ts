/** The stores through the runtimes' own clients, and npm's, against real servers. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { storeConformance } from '../../src/testing/testing.ts'
import { text } from '../package/repository.ts'
import { installPackage, installRuntimes, outcomesOf } from './installed.ts'

type Engine = 'Redis' | 'PostgreSQL' | 'SQLite'

const ENGINES: Record<string, Engine> = {
  'node:sqlite': 'SQLite',
  'bun:sqlite': 'SQLite',
  'Bun.redis': 'Redis',
  redis: 'Redis',
  ioredis: 'Redis',
  'Bun.sql': 'PostgreSQL',
  pg: 'PostgreSQL',
  postgres: 'PostgreSQL',
}

const NPM = ['redis', 'ioredis', 'pg', 'postgres']

/** The clients of each runtime. On Node 24 the stores' own tests run them. */
const CLIENTS: Record<string, readonly string[]> = {
  'Node 22': ['node:sqlite'],
  'Node 26': ['node:sqlite', ...NPM],
  Bun: ['bun:sqlite', 'Bun.redis', 'Bun.sql', ...NPM],
  Deno: ['node:sqlite', ...NPM],
}

const own = (await import(new URL('stores/own.mjs', import.meta.url).href)) as {
  OWN: Record<Engine, object>
}
const conformance = storeConformance({
  open: () => {
    throw new Error('The cases run in another process; here only their names are asked for.')
  },
  advance: () => undefined,
}).map(({ name }) => name)

/** The sentences that a client has to show. */
const casesOf = (client: string) => [...conformance, ...Object.keys(own.OWN[ENGINES[client]!])]

let programs: Record<string, string>
let folder: string

beforeAll(async () => {
  programs = await installRuntimes()
  folder = await installPackage(['express', ...NPM])
  mkdirSync(join(folder, 'databases'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs the suite on some clients; `flags` may take rights from the process. */
function run(name: string, clients: readonly string[], flags: readonly string[] = []) {
  return outcomesOf<Record<string, Record<string, string>>>(
    name,
    programs[name]!,
    'stores/run-stores.mjs',
    { folder, args: clients, flags, env: { SQLITE_FOLDER: join(folder, 'databases') } },
  )
}

describe.each(Object.keys(CLIENTS))('%s', (name) => {
  describe.each(CLIENTS[name]!)('%s', (client) => {
    let outcomes: Record<string, string> | undefined
    beforeAll(async () => {
      outcomes = (await run(name, [client]))[client]
    })

    test.each(casesOf(client))('%s', (sentence) => {
      expect(outcomes?.[sentence]).toBe('passed')
    })

    test('every case that ran is one of these', () => {
      expect(Object.keys(outcomes ?? {})).toHaveLength(casesOf(client).length)
    })
  })
})

/** Node's permission model: what each client needs, besides reading the app. */
const PERMISSIONS: Record<string, (name: string) => string[]> = {
  'node:sqlite': () => ['read', 'write'].map((right) => `--allow-fs-${right}=${databases()}`),
  redis: network,
  pg: network,
}
const databases = () => join(folder, 'databases', '*')

/** Before 25 Node does not restrict the network. */
function network(name: string): string[] {
  return name === 'Node 26' ? ['--allow-net'] : []
}

describe.each(['Node 22', 'Node 24', 'Node 26'])('%s --permission', (name) => {
  test.each(Object.keys(PERMISSIONS))(
    'the store on %s passes every case with only what the client needs',
    async (client) => {
      const reading = `--allow-fs-read=${join(folder, '*')}`
      const rights = ['--permission', reading, ...PERMISSIONS[client]!(name)]
      const outcomes = (await run(name, [client], rights))[client]!
      expect(Object.values(outcomes)).toHaveLength(casesOf(client).length)
      expect(Object.entries(outcomes).filter(([, outcome]) => outcome !== 'passed')).toEqual([])
    },
  )
})

test("the guide's program on Bun's own clients runs", () => {
  const program = /^```mts\n([^]*?)^```/m.exec(text('docs/guide/runtimes.md'))![1]!
  writeFileSync(join(folder, 'guide.mts'), `${program}\nconsole.log('done')\nprocess.exit(0)\n`)
  const options = { cwd: join(folder, 'databases'), encoding: 'utf8' } as const
  expect(execFileSync(programs['Bun']!, ['../guide.mts'], options)).toMatch(/^done$/m)
})

/**
 * better-sqlite3 and the session store on it. Not a development dependency, because it has to be
 * compiled where no prebuilt binary can be downloaded: installed into a cache folder on demand.
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type expressSession from 'express-session'
import { type Effort, Unavailable } from '../figures.ts'

// Version 12 ends the process on Node 24, when a statement is collected.
const PACKAGES = ['better-sqlite3@13.2.0', 'better-sqlite3-session-store@0.1.0']

const abi = process.versions.modules
const root = fileURLToPath(new URL('../..', import.meta.url))
const name = `bench-${PACKAGES[0]!.replace('@', '-')}-${abi}`
const folder = join(root, 'node_modules', '.cache', name)

interface Peer {
  Database: new (file: string) => { pragma(text: string): void }
  sessionStore(
    session: typeof expressSession,
  ): new (options: { client: object }) => expressSession.Store
}

export function loadSqlitePeer(): Peer {
  const require = createRequire(join(folder, 'package.json'))
  return {
    Database: require('better-sqlite3') as Peer['Database'],
    sessionStore: require('better-sqlite3-session-store') as Peer['sessionStore'],
  }
}

/** Installs it if it is missing: minutes where it is compiled, so not in a quick run. */
export function installSqlitePeer(effort: Effort): void {
  if (loads()) return
  if (effort === 'quick') throw new Unavailable('better-sqlite3 is installed by a whole run only.')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  // This package brings the headers of this very Node, which the compiler needs.
  const headers = `node-${process.platform}-${process.arch}`
  npm('install', '--ignore-scripts', ...PACKAGES, `${headers}@${process.versions.node}`)
  const problem = npm(
    'rebuild',
    'better-sqlite3',
    `--nodedir=${join(folder, 'node_modules', headers)}`,
  )
  if (!loads()) {
    throw new Unavailable(
      'better-sqlite3 could not be installed; compiling it needs build-essential and python3. ' +
        (problem.split('\n').find((line) => line.includes('rror')) ?? ''),
    )
  }
}

function loads(): boolean {
  try {
    const { Database } = loadSqlitePeer()
    new Database(':memory:').pragma('user_version')
    return true
  } catch {
    return false
  }
}

function npm(...args: string[]): string {
  const script = process.env['npm_execpath']
  const [program, ...first] = script ? [process.execPath, script] : ['npm']
  const options = { cwd: folder, encoding: 'utf8' } as const
  return spawnSync(program!, [...first, ...args, '--no-audit', '--no-fund'], options).stderr ?? ''
}

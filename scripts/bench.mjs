/** Runs the benchmarks against dist/: npm run bench, or -- --quick, -- --json, -- names of sections. */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { hasPostgres, hasRedis, installDebianPackage, root, run, toolNode } from './machine.mjs'

// All that is said before the benchmarks goes to stderr: with --json, stdout is the JSON alone.
const print = console.log
console.log = console.error
const build = [join(root, 'scripts', 'build.mjs')]
const { status } = spawnSync(process.execPath, build, { cwd: root, stdio: ['ignore', 2, 2] })
const missing = [
  installDebianPackage('redis-server', 'sessions in Redis are measured', hasRedis),
  installDebianPackage('postgresql', 'sessions in PostgreSQL are measured', hasPostgres),
].filter((line) => line !== undefined)
for (const line of missing) console.error(line)
console.log = print
const bench = ['bench/bench.ts', ...process.argv.slice(2)]
process.exitCode = status === 0 ? run(toolNode, bench) : 1

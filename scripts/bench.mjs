/** Runs the benchmarks against dist/: npm run bench, or -- --quick, -- --json, -- names of sections. */

import { build } from './build.mjs'
import {
  hasPostgres,
  hasRedis,
  installDebianPackage,
  installPackages,
  run,
  toolNode,
} from './machine.mjs'

// With --json the standard output is the JSON alone.
const print = console.log
console.log = console.error
installPackages()
const missing = [
  installDebianPackage('redis-server', 'sessions in Redis are measured', hasRedis),
  installDebianPackage('postgresql', 'sessions in PostgreSQL are measured', hasPostgres),
].filter((line) => line !== undefined)
const built = build()
console.log = print
for (const line of missing) console.error(line)
process.exitCode = built === 0 ? run(toolNode, ['bench/bench.ts', ...process.argv.slice(2)]) : built

/** Runs the tests: npm test, npm run test:flask, npm run test:long. */

import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeAdapters } from './adapters-table.mjs'
import { build } from './build.mjs'
import { writeClients } from './clients.mjs'
import {
  flaskPython,
  hasChromium,
  hasPostgres,
  hasProgram,
  hasPythonModule,
  hasRedis,
  installDebianPackage,
  installPackages,
  machineNode,
  root,
  run,
  runTool,
  say,
} from './machine.mjs'
import { writeRuntimes } from './runtimes.mjs'

const FLASK = ['python3-flask', 'a real Flask app is what the interop tests talk to', flaskPython]
const FLASK_LOGIN = [
  'python3-flask-login',
  'a Flask app with Flask-Login shares its session in the interop tests',
  () => hasPythonModule('flask_login'),
]
const FLASK_SESSION = [
  'python3-flask-session',
  'a Flask app with Flask-Session shares its sessions in the interop tests',
  () => hasPythonModule('flask_session'),
]
const REDIS_PYTHON = [
  'python3-redis',
  'that Flask app keeps its sessions in Redis',
  () => hasPythonModule('redis'),
]
const MSGPACK = [
  'python3-msgpack',
  'that Flask app writes msgpack, as newer versions of Flask-Session do',
  () => hasPythonModule('msgpack'),
]
const CRYPTOGRAPHY = [
  'python3-cryptography',
  'an independent program reads the formats',
  () => hasPythonModule('cryptography'),
]
const CHROMIUM = ['chromium', 'the long tests click through the demo', hasChromium]
const PGBOUNCER = [
  'pgbouncer',
  'a real PgBouncer pools the connections of long tests',
  () => hasProgram('/usr/sbin/pgbouncer', '--version'),
]
const REDIS = ['redis-server', 'a real Redis keeps the sessions in the tests', hasRedis]
const SKEWED = 'the long tests run processes whose clocks differ'
const FAKETIME = ['faketime', SKEWED, () => hasProgram('faketime', '--version')]
const POSTGRES = ['postgresql', 'a real PostgreSQL keeps the sessions in the tests', hasPostgres]
const CACHE = 'a real cache stands before the app in the long tests'
const NGINX = ['nginx', CACHE, () => hasProgram('nginx', '-v')]
const VARNISH = ['varnish', CACHE, () => hasProgram('varnishd', '-V')]

const flaskOnly = process.argv.includes('--flask')
const long = process.argv.includes('--long')
const isPlain = !flaskOnly && !long

installPackages()
// The servers are needed even where REDIS_URL and DATABASE_URL name others: some tests kill theirs.
const wanted = [
  FLASK,
  FLASK_LOGIN,
  ...(flaskOnly ? [] : [CRYPTOGRAPHY, REDIS, POSTGRES, FLASK_SESSION, REDIS_PYTHON, MSGPACK]),
  ...(long ? [CHROMIUM, FAKETIME, NGINX, VARNISH, PGBOUNCER] : []),
]
const missing = wanted
  .map((one) => installDebianPackage(...one))
  .filter((line) => line !== undefined)
for (const line of missing) console.error(`\n${line}\nThe tests that need it will fail.`)

const cache = join(root, 'node_modules', '.cache')
mkdirSync(cache, { recursive: true })
const results = []
let tested
const built = build()
if (built === 0) {
  results.push(vitest())
  if (!flaskOnly) results.push(smoke())
} else results.push({ passed: 0, failed: 1 })

if (tested) {
  say(`docs/clients.md lists ${await writeClients(tested)} clients`)
  say(`docs/adapters-table.md lists ${writeAdapters(tested)} adapters`)
  say(`docs/runtimes.md lists ${writeRuntimes(tested)} runtimes`)
}

const passed = results.reduce((sum, result) => sum + result.passed, 0)
const failed = results.reduce((sum, result) => sum + result.failed, 0)
for (const line of missing) console.error(`\n${line}`)
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0

/** The suite, on the recent Node. */
function vitest() {
  const which = flaskOnly ? 'the Flask tests' : long ? 'all tests, long ones too' : 'the tests'
  say(`Running ${which} on Node ${version(join(root, 'node_modules/.bin/node'))} (vitest)`)
  const python = flaskPython()
  const report = join(cache, `vitest-${process.pid}.json`)
  const code = runTool(
    'vitest',
    [
      'run',
      ...(flaskOnly ? ['test/flask'] : []),
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    {
      env: {
        NODE_ENV: 'test',
        ...(python === undefined ? {} : { PYTHON: python }),
        ...(isPlain ? {} : { LONG_TESTS: '1' }),
      },
    },
  )
  return counted(code, () => {
    const found = JSON.parse(readFileSync(report, 'utf8'))
    rmSync(report)
    if (long) tested = found
    const { numPassedTests, numFailedTests, testResults } = found
    // A file that could not be loaded has no test that failed, and is a failure all the same.
    const broken = testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
    )
    return { passed: numPassedTests, failed: numFailedTests + broken.length }
  })
}

/** The smoke suite over dist/, on the machine's own Node and with nothing of ours but dist/. */
function smoke() {
  const node = machineNode() ?? process.execPath
  say(`Running the smoke suite against dist/ on Node ${version(node)} (node:test)`)
  const report = join(cache, `smoke-${process.pid}.tap`)
  const files = readdirSync(join(root, 'test/runtimes')).filter((name) =>
    name.endsWith('.test.mjs'),
  )
  const code = run(
    node,
    [
      '--test',
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      '--test-reporter=tap',
      `--test-reporter-destination=${report}`,
      ...files.map((name) => join('test/runtimes', name)),
    ],
    { env: { NODE_ENV: 'test' } },
  )
  return counted(code, () => {
    const text = readFileSync(report, 'utf8')
    rmSync(report)
    const count = (word) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(text)[1])
    return { passed: count('pass'), failed: count('fail') + count('cancelled') }
  })
}

/** What a runner reported. A bad exit is a failure even where no test says so. */
function counted(code, read) {
  try {
    const { passed, failed } = read()
    return { passed, failed: code === 0 ? failed : Math.max(failed, 1) }
  } catch (error) {
    console.error(`No report: ${error.message}`)
    return { passed: 0, failed: 1 }
  }
}

function version(node) {
  // Asked rather than known: this script may run on either of the two.
  const file = join(cache, `version-${process.pid}`)
  run(node, ['-e', `require('fs').writeFileSync(${JSON.stringify(file)}, process.versions.node)`])
  const text = readFileSync(file, 'utf8')
  rmSync(file)
  return text
}

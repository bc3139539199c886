/** Installs better-sqlite3 for the machine's own Node, and says where both are. Plain Node. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { bin, machineNode, root } from '../../../scripts/machine.mjs'

const VERSION = '12.11.1'

const node = machineNode()
if (!node) fail('This machine has no Node of its own, and better-sqlite3 is to be tested on that.')
const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== bin)
// What a package's install scripts call `node` has to be the Node that will load the result.
const env = { ...process.env, PATH: [dirname(node), ...folders].join(delimiter) }

const abi = spawnSync(node, ['-p', 'process.versions.modules'], { encoding: 'utf8' }).stdout.trim()
const folder = join(root, 'node_modules', '.cache', `better-sqlite3-${VERSION}-${abi}`)
if (!loads()) install()
process.stdout.write(JSON.stringify({ node, folder }))

function loads() {
  const program = `const Database = require('better-sqlite3')
    if (require('better-sqlite3/package.json').version !== '${VERSION}') process.exit(1)
    new Database(':memory:').close()`
  return existsSync(folder) && run(node, ['-e', program]).status === 0
}

function install() {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const npm = npmProgram()
  if (!npm) fail('npm is missing: better-sqlite3 is installed with it (sudo apt-get install npm).')
  const args = ['install', `better-sqlite3@${VERSION}`, '--no-audit', '--no-fund', '--no-save']
  const { status, stdout, stderr } = run(node, [npm, ...args, '--foreground-scripts'])
  if (status === 0 && loads()) return
  fail(
    `better-sqlite3 ${VERSION} could not be installed for ${node}. Where no prebuilt binary can be ` +
      'downloaded it is compiled, which needs a compiler, Python and the headers of Node: ' +
      `sudo apt-get install build-essential python3 libnode-dev.\n${stdout}\n${stderr}`,
  )
}

function npmProgram() {
  const found = folders.map((folder) => join(folder, 'npm')).find((file) => existsSync(file))
  return process.env.npm_execpath ?? (found && realpathSync(found))
}

function run(program, args) {
  const cwd = existsSync(folder) ? folder : root
  return spawnSync(program, args, { cwd, env, encoding: 'utf8' })
}

function fail(message) {
  process.stderr.write(message)
  process.exit(1)
}

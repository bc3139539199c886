/** What the machine has to give: npm packages, a recent Node, Debian packages. Plain Node, no dependency. */

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The programs of the npm packages. */
export const bin = join(root, 'node_modules', '.bin')

/** The Node the tools run on: the npm package `node`, whatever the machine has. */
export const toolNode = join(bin, process.platform === 'win32' ? 'node.cmd' : 'node')

/** The oldest Node the library runs on. */
const OLDEST = [20, 19]

/** Says what happens, in one line. */
export function say(line) {
  console.log(`\n> ${line}`)
}

/** Says what is wrong and what to do, and ends. */
export function stop(line) {
  console.error(`\n${line}`)
  process.exit(1)
}

/** Runs a program to its end and answers its exit code. */
export function run(program, args, { env = {}, quiet = false } = {}) {
  const { status, signal, error } = spawnSync(program, args, {
    cwd: root,
    stdio: quiet ? 'pipe' : ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, ...env },
  })
  if (error && !quiet) console.error(`${program}: ${error.message}`)
  return status ?? (signal ? 128 + constants.signals[signal] : 1)
}

/** Runs one of the npm packages' programs on the recent Node. */
export function runTool(name, args, options) {
  return run(toolNode, [join(bin, name), ...args], options)
}

/** The machine's own Node: the one npm runs on, or else the first on the PATH that is not ours. */
export function machineNode() {
  const fromNpm = process.env.npm_node_execpath
  if (fromNpm && !isOurs(fromNpm)) return fromNpm
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => !isOurs(folder))
  const found = folders.map((folder) => join(folder, 'node')).find((file) => existsSync(file))
  return found ?? (isOurs(process.execPath) ? undefined : process.execPath)
}

function isOurs(path) {
  return resolve(path).startsWith(join(root, 'node_modules'))
}

/** Installs the npm packages if they are missing or older than package-lock.json. */
export function installPackages() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    stop(`This needs Node ${OLDEST.join('.')} or newer; here is ${process.versions.node}.`)
  }
  const installed = join(root, 'node_modules', '.package-lock.json')
  const wanted = join(root, 'package-lock.json')
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(wanted).mtimeMs) {
    say('Installing the npm packages (npm ci)')
    // Node 20 is older than some tools ask for. They run on the Node among the packages, so the
    // warnings about it would only confuse.
    const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
    const code = npm(args)
    if (code !== 0) stop(`npm ci failed (exit code ${code}). Is the npm registry reachable?`)
  }
  if (nodeWorks()) return
  // Where npm does not run install scripts, the package `node` is an empty shell: fill it here.
  say('Fetching the recent Node for the tools (npm package "node")')
  const shell = join(root, 'node_modules', 'node')
  spawnSync(machineNode() ?? process.execPath, ['installArchSpecificPackage.js'], {
    cwd: shell,
    stdio: 'inherit',
  })
  // npm has left the link out: there was no program yet to point at.
  if (!existsSync(toolNode)) symlinkSync(join('..', 'node', 'bin', 'node'), toolNode)
  if (nodeWorks()) return
  rmSync(installed, { force: true })
  stop('The npm package "node" brought no program. Try: npm ci --foreground-scripts')
}

/** Runs npm, the same one that runs this script where there is one. */
export function npm(args, options) {
  const script = process.env.npm_execpath
  const node = machineNode() ?? process.execPath
  return script ? run(node, [script, ...args], options) : run('npm', args, options)
}

function nodeWorks() {
  return existsSync(toolNode) && run(toolNode, ['--version'], { quiet: true }) === 0
}

/** A Python that has Flask, or `undefined`. Debian's own is asked first. */
export function flaskPython() {
  const candidates = [process.env.PYTHON, '/usr/bin/python3', 'python3']
  return candidates.find(
    (python) => python && run(python, ['-c', 'import flask'], { quiet: true }) === 0,
  )
}

/** Whether the Python of the tests has a module. */
export function hasPythonModule(name) {
  const python = flaskPython()
  return python !== undefined && run(python, ['-c', `import ${name}`], { quiet: true }) === 0
}

/** Whether a Chromium is here. */
export function hasChromium() {
  return ['chromium', 'chromium-browser', 'google-chrome'].some(
    (name) => run(name, ['--version'], { quiet: true }) === 0,
  )
}

/** Whether a Redis server is here. */
export function hasRedis() {
  return run('redis-server', ['--version'], { quiet: true }) === 0
}

/** Whether a program is here that says its version. */
export function hasProgram(name, flag) {
  return run(name, [flag], { quiet: true }) === 0
}

/** Whether a PostgreSQL server is here. Debian keeps its programs off the PATH. */
export function hasPostgres() {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian) : []
  const programs = versions.map((version) => join(debian, version, 'bin', 'postgres'))
  return [...programs, 'postgres'].some(
    (program) => run(program, ['--version'], { quiet: true }) === 0,
  )
}

/**
 * Installs a Debian package where that is allowed: as root, or with sudo that asks no password.
 *
 * Answers what to say if it could not; nothing if it is there now.
 */
export function installDebianPackage(name, purpose, isThere) {
  if (isThere()) return undefined
  const missing = `${name} is missing (${purpose}). Install it: sudo apt-get install ${name}`
  const asRoot = rootPrefix()
  if (!asRoot || run('apt-get', ['--version'], { quiet: true }) !== 0) return missing
  say(`Installing ${name} with apt-get (${purpose})`)
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const install = ['apt-get', 'install', '-y', '-q', '--no-install-recommends', name]
  const [program, ...args] = [...asRoot, ...install]
  if (run(program, args, { env, quiet: true }) !== 0) {
    const [updater, ...updateArgs] = [...asRoot, 'apt-get', 'update', '-q']
    run(updater, updateArgs, { env, quiet: true })
    run(program, args, { env })
  }
  return isThere() ? undefined : missing
}

function rootPrefix() {
  if (process.getuid?.() === 0) return []
  return run('sudo', ['-n', 'true'], { quiet: true }) === 0 ? ['sudo', '-n'] : undefined
}

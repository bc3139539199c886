/** Runs an example folder as its reader does: the packed library, its own packages, its own scripts. */

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { manifest, root } from '../../package/repository.ts'
import { SECRET } from '../start.ts'

const run = promisify(execFile)

/** An example that runs. */
export interface PackedExample {
  /** Such as `http://localhost:4711`. */
  readonly origin: string
  /** Where it was copied to, with its `node_modules`. */
  readonly folder: string
  /** What it printed so far. */
  output(): string
  /** Ends it with every process it started, and deletes the folder. */
  stop(): Promise<void>
}

export interface PackedOptions {
  /** More environment for the build and the app. */
  readonly env?: Readonly<Record<string, string>>
  /** The command that starts it, instead of `npm start`. */
  readonly start?: readonly [program: string, ...args: string[]]
  /** Versions in place of those in package.json, to try another major. */
  readonly versions?: Readonly<Record<string, string>>
}

let packed: Promise<string> | undefined

/** Packs the library once for this process. Returns the path of the tarball. */
export function packLibrary(): Promise<string> {
  packed ??= (async () => {
    if (!existsSync(join(root, 'dist'))) throw new Error('dist/ is missing: npm run build')
    const folder = mkdtempSync(join(tmpdir(), 'sojourn-packed-'))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
    const { stdout } = await run('npm', args, { cwd: root, maxBuffer: 1 << 26 })
    return join(folder, nameIn(JSON.parse(stdout)))
  })()
  return packed
}

/** npm 10 prints a list, later ones an object by package name. */
function nameIn(report: Record<string, { filename: string }> | { filename: string }[]): string {
  return Object.values(report)[0]!.filename
}

/**
 * Copies `examples/<name>/`, and installs the tarball with the example's packages. A name that ends
 * in `.ts` is a file that needs nothing but Express.
 */
export async function installExample(
  name: string,
  { versions = {} }: PackedOptions = {},
): Promise<string> {
  const tarball = await packLibrary()
  const folder = mkdtempSync(join(tmpdir(), `sojourn-${name.replaceAll('/', '-')}-`))
  const source = join(root, 'examples', name)
  if (name.endsWith('.ts')) {
    cpSync(source, join(folder, 'app.ts'))
    const { express } = manifest.devDependencies
    const own = { type: 'module', scripts: { start: 'node app.ts' }, dependencies: { express } }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(own))
  } else {
    cpSync(source, folder, { recursive: true, filter: isSource })
  }
  addLibrary(folder, tarball, versions)
  await npmInstall(folder)
  return folder
}

/** What is in git, as far as names tell: no packages, and nothing that a build made. */
function isSource(path: string): boolean {
  return !/\/(node_modules|dist|build|\.(?!npmrc|env\.example)[\w-]+)$/.test(path)
}

function addLibrary(
  folder: string,
  tarball: string,
  versions: NonNullable<PackedOptions['versions']>,
): void {
  const file = join(folder, 'package.json')
  const own = JSON.parse(readFileSync(file, 'utf8'))
  for (const kind of ['dependencies', 'devDependencies']) {
    for (const [dependency, version] of Object.entries(versions)) {
      if (own[kind]?.[dependency]) own[kind][dependency] = version
    }
  }
  own.dependencies = { ...own.dependencies, sojourn: `file:${tarball}` }
  writeFileSync(file, JSON.stringify(own, null, 2))
}

/** Installs, again if the registry did not answer. */
export async function npmInstall(folder: string, ...packages: string[]): Promise<void> {
  const args = ['install', '--no-audit', '--no-fund', ...packages]
  for (let attempt = 1; ; attempt++) {
    try {
      await run('npm', args, { cwd: folder, maxBuffer: 1 << 26 })
      return
    } catch (error) {
      const { stderr = '' } = error as { stderr?: string }
      if (attempt === 3)
        throw new Error(`npm install failed in ${folder}:\n${stderr}`, { cause: error })
      await pause(attempt * 2000)
    }
  }
}

/** Installs an example, builds it if it has a build script, and starts it. */
export async function startPacked(
  name: string,
  options: PackedOptions = {},
): Promise<PackedExample> {
  const folder = await installExample(name, options)
  return startInstalled(folder, options)
}

/** The same for a folder in which everything is installed. */
export async function startInstalled(
  folder: string,
  { env = {}, start = ['npm', 'start'] }: PackedOptions = {},
): Promise<PackedExample> {
  const port = await freePort()
  const environment = {
    ...withoutTests(process.env),
    NODE_ENV: 'production',
    SESSION_SECRET: SECRET,
    PORT: String(port),
    ...env,
  }
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  if (scripts?.build) await buildInstalled(folder, environment)
  const [program, ...args] = start
  // A group of its own: `npm start` has children, which have to end too.
  const child = spawn(program, args, {
    cwd: folder,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (printed += String(chunk)))
  const origin = `http://localhost:${port}`
  const stop = async () => {
    await endGroup(child)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    await answers(origin, child)
  } catch (error) {
    await stop()
    throw new Error(`${folder} does not answer: ${String(error)}\n${printed}`, { cause: error })
  }
  return { origin, folder, output: () => printed, stop }
}

/** Runs the build script of a folder in which everything is installed. */
export async function buildInstalled(
  folder: string,
  env: Readonly<NodeJS.ProcessEnv> = {},
): Promise<void> {
  const environment = { ...withoutTests(process.env), NODE_ENV: 'production', ...env }
  try {
    await run('npm', ['run', 'build'], { cwd: folder, env: environment, maxBuffer: 1 << 26 })
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`The build failed in ${folder}:\n${stdout}\n${stderr}`, { cause: error })
  }
}

/** Waits until it answers any request, or has ended. */
async function answers(origin: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 120_000
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it has ended')
    try {
      const response = await fetch(origin, { redirect: 'manual' })
      await response.body?.cancel()
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await pause(100)
    }
  }
}

async function endGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return
  const ended =
    child.exitCode !== null || child.signalCode !== null
      ? Promise.resolve()
      : new Promise<void>((resolve) => child.once('exit', () => resolve()))
  signal(child.pid, 'SIGTERM')
  await Promise.race([ended, pause(5000, undefined, { ref: false })])
  signal(child.pid, 'SIGKILL')
  await ended
}

/** Signals the process group. Does nothing if it has ended. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The environment without what the test runner put there, which frameworks read too. */
function withoutTests(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => !/^(VITEST|TEST|NODE_OPTIONS|DEV|PROD|MODE|SSR|BASE_URL)(_|$)/.test(name),
  )
  return Object.fromEntries(kept)
}

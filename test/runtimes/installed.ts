/** Installs the runtimes from npm, and the packed library into a folder as an app would. */

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { manifest, root, text } from '../package/repository.ts'

const run = promisify(execFile)

/** The exact version of each runtime, by its name. */
export const VERSIONS = JSON.parse(text('test/runtimes/versions.json')) as Record<string, string>

/** The runtimes that run a program: all but workerd. */
export const PROCESSES = Object.keys(VERSIONS).filter((name) => name !== 'workerd')

const { platform, arch } = process
const isArm = arch === 'arm64'

/** The npm package that brings the program of a runtime for this machine, and where it is in it. */
function packageOf(name: string): [name: string, program: string] {
  if (name === 'Bun') return [`@oven/bun-${platform}-${isArm ? 'aarch64' : 'x64'}`, 'bin/bun']
  if (name === 'Deno') {
    return [`@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`, 'deno']
  }
  if (name === 'workerd') {
    return [`@cloudflare/workerd-${platform}-${isArm ? 'arm64' : '64'}`, 'bin/workerd']
  }
  return [`node-${platform}-${arch}`, 'bin/node']
}

/** The name a runtime is installed under: there are several of Node. */
const alias = (name: string) => name.toLowerCase().replaceAll(/\W/g, '-')

/** Installs every runtime, unless it was before; returns the program of each. */
export async function installRuntimes(): Promise<Record<string, string>> {
  const dependencies = Object.fromEntries(
    Object.entries(VERSIONS).map(([name, version]) => [
      alias(name),
      `npm:${packageOf(name)[0]}@${version}`,
    ]),
  )
  const wanted = JSON.stringify({ private: true, dependencies }, null, 2)
  const hash = createHash('sha256').update(wanted).digest('hex').slice(0, 12)
  const cache = join(root, 'node_modules', '.cache')
  const folder = join(cache, `runtimes-${hash}`)
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true })
    const fresh = mkdtempSync(join(cache, 'installing-'))
    writeFileSync(join(fresh, 'package.json'), wanted)
    await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: fresh })
    try {
      renameSync(fresh, folder)
    } catch {
      // Another test file was faster.
      rmSync(fresh, { recursive: true })
    }
  }
  return Object.fromEntries(
    Object.keys(VERSIONS).map((name) => [
      name,
      join(folder, 'node_modules', alias(name), packageOf(name)[1]),
    ]),
  )
}

/** Packs the library and installs it in a new folder, beside other packages and the scenarios. */
export async function installPackage(others: readonly string[]): Promise<string> {
  if (!existsSync(join(root, 'dist/index.js'))) throw new Error('dist/ is missing: npm run build')
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-runtimes-'))
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root })
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'))!
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  const exact = others.map((name) => `${name}@${manifest.devDependencies[name]}`)
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', `./${tarball}`, ...exact]
  await run('npm', args, { cwd: folder })
  for (const part of ['suite', 'stores']) {
    cpSync(join(root, 'test/runtimes', part), join(folder, part), { recursive: true })
  }
  return folder
}

/** How a program is started. */
export interface Start {
  readonly folder: string
  /** Flags of the runtime. */
  readonly flags?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

const DENO = ['run', '--allow-all', '--cached-only', '--no-lock']

/** Runs a launcher to its end; returns the JSON that it wrote. */
export async function outcomesOf<Outcomes>(
  name: string,
  program: string,
  file: string,
  { folder, flags = [], args = [], env = {} }: Start,
): Promise<Outcomes> {
  const before = name === 'Deno' ? DENO : []
  const { stdout } = await run(program, [...before, ...flags, file, ...args], {
    cwd: folder,
    env: { ...process.env, DENO_DIR: join(folder, '.deno'), NODE_ENV: 'test', ...env },
    maxBuffer: 1 << 26,
    // A launcher that hangs is a failure, not a test that never ends.
    timeout: 500_000,
    killSignal: 'SIGKILL',
  })
  return JSON.parse(stdout) as Outcomes
}

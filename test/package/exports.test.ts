import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { localImportsOf } from './floors.ts'
import { files, manifest, root, sources, subpaths } from './repository.ts'

/** `./dist/adapters/fetch.js` as `adapters/fetch.ts`. */
function sourceOf(built: string): string {
  return built.replace(/^(\.\/)?dist\//, '').replace(/\.js$/, '.ts')
}

/** What a package on top of this one may export. None of these types is written out. */
const PACKAGE_ON_TOP = `
import type { CommitMessage, OpenMessage, SessionEvent } from 'sojourn'
import { createSessions } from 'sojourn'
import { instrumentSessions } from 'sojourn/otel'
import { memoryStore } from 'sojourn/stores/memory'
export const store = memoryStore()
export const sessions = createSessions({ secret: 'pW7vX2qLr9TzK4mBn8YcJ5hGd3FsA6eu', store })
export const stop = () => instrumentSessions({ metrics: undefined! }, { sessions: [sessions] })
export const revokeUser = (id: string) => sessions.revokeUser(id)
export const list = (id: string) => sessions.list(id)
export const close = () => sessions.close()
export const status = () => [sessions.storeStatus(), sessions.describePolicy(), sessions.secretUse()]
export const lifetime = async () => (await sessions.open('')).lifetime
type Of<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>
export const rejection = (event: Of<'rejected'>) => event.reason
export const refusal = (event: Of<'csrf-refused'>) => event.why
export const loss = (event: Of<'changes-lost'>) => event.why
export const largest = (event: Of<'commit-failed'>) => event.largest
export const dropped = (event: Of<'removal-dropped'>) => event.why
export const opened = (message: OpenMessage) => message.outcome!
export const committed = (message: CommitMessage) => message.outcome!
`

const entries = [
  ...subpaths.map((entry) => entry.default),
  ...subpaths.flatMap((entry) => entry['edge-light'] ?? []),
  ...Object.values(manifest.bin),
]

describe('the exports of the package', () => {
  it.each(entries)('%s is built from a source file', (built) => {
    expect(sources().has(sourceOf(built))).toBe(true)
  })

  it('names each type declaration beside its module', () => {
    for (const { types, default: module } of subpaths)
      expect(types).toBe(module.replace(/js$/, 'd.ts'))
  })

  it(
    'names each type that a function of another package may return',
    { timeout: 60_000 },
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sojourn-types-'))
      onTestFinished(() => rmSync(folder, { recursive: true }))
      mkdirSync(join(folder, 'node_modules'))
      symlinkSync(root, join(folder, 'node_modules/sojourn'))
      writeFileSync(join(folder, 'on-top.mts'), PACKAGE_ON_TOP)
      const options = '--strict --target es2022 --module nodenext --declaration --skipLibCheck'
      const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')]
      const compiler = join(root, 'node_modules/typescript/bin/tsc')
      const args = [compiler, ...options.split(' '), ...types, 'on-top.mts']
      const told = await promisify(execFile)(process.execPath, args, { cwd: folder }).then(
        ({ stdout }) => stdout,
        (error: { stdout: string }) => error.stdout,
      )
      expect(told).toBe('')
    },
  )

  it('says the same to compilers that know no exports (moduleResolution node10)', () => {
    const versions = Object.entries(manifest.typesVersions['*'])
    const wanted = subpaths.filter(({ subpath }) => subpath !== '.')
    expect(versions).toEqual(wanted.map(({ subpath, types }) => [subpath.slice(2), [types]]))
  })

  it('has a way in to every file: each is exported, a command, or imported by another', () => {
    const reached = new Set(
      [...sources()].flatMap(([file, source]) => localImportsOf(file, source)),
    )
    const stranded = [...sources().keys()].filter((file) => !reached.has(file))
    const ways = entries.map(sourceOf)
    expect(stranded.filter((file) => !ways.includes(file))).toEqual([])
  })

  it.each(subpaths)(
    '$subpath can be imported as it is built',
    async ({ default: module, types }) => {
      expect(existsSync(join(root, types))).toBe(true)
      const exported: unknown = await import(pathToFileURL(join(root, module)).href)
      expect(Object.keys(exported as object)).not.toEqual([])
    },
  )

  it('is built from what src is now: no file too many or too few', () => {
    const built = files('**/*.js', 'dist').map((file) => file.replace(/\.js$/, '.ts'))
    expect(built).toEqual([...sources().keys()])
  })

  it('needs no other package at run time', () => {
    expect(manifest.dependencies).toBeUndefined()
    // A peer says which versions were tested, and nobody has to have it.
    for (const peer of Object.keys(manifest.peerDependencies)) {
      expect(manifest.peerDependenciesMeta[peer]).toEqual({ optional: true })
    }
  })

  it('names as peers the releases of Express that its tests run on', () => {
    const tested = ['express4', 'express'].map((name) => {
      const [, major] = /^(?:npm:express@)?(\d+)\./.exec(manifest.devDependencies[name]!)!
      return major
    })
    const named = [...manifest.peerDependencies['express']!.matchAll(/\^(\d+)/g)].map(([, n]) => n)
    expect(named).toEqual(tested)
  })

  it('is developed with exact versions', () => {
    for (const version of Object.values(manifest.devDependencies)) {
      expect(version).toMatch(/^(npm:[a-z-]+@)?\d+\.\d+\.\d+$/)
    }
  })
})

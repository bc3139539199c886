import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { localImportsOf } from './floors.ts'
import { files, manifest, root, sources, subpaths } from './repository.ts'

/** `./dist/adapters/fetch.js` as `adapters/fetch.ts`. */
function sourceOf(built: string): string {
  return built.replace(/^(\.\/)?dist\//, '').replace(/\.js$/, '.ts')
}

const entries = [...subpaths.map((entry) => entry.default), ...Object.values(manifest.bin)]

describe('the exports of the package', () => {
  it.each(entries)('%s is built from a source file', (built) => {
    expect(sources().has(sourceOf(built))).toBe(true)
  })

  it('names each type declaration beside its module', () => {
    for (const { types, default: module } of subpaths)
      expect(types).toBe(module.replace(/js$/, 'd.ts'))
  })

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
      expect(version).toMatch(/^(npm:[a-z]+@)?\d+\.\d+\.\d+$/)
    }
  })
})

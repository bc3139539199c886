import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { files, manifest, packedFiles, sources, subpaths, text } from './repository.ts'

describe('the package on npm', () => {
  const packed = packedFiles()
  const paths = packed.map(({ path }) => path)

  it('holds what is built, and the pages a reader looks for', () => {
    const foreign = paths.filter((path) => !/^dist\/.+\.(js|d\.ts)$/.test(path))
    const pages = [...files('docs/**/*.{md,svg}'), ...files('examples/**/*.*')]
    const top = ['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'SECURITY.md']
    expect(foreign.toSorted()).toEqual([...top, ...pages, 'package.json'].toSorted())
  })

  it('has what its pages link to, but for tests, benchmarks and pictures, which are in the repository', () => {
    const dead = paths
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) =>
        [...text(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, link]) =>
          normalize(join(dirname(path), link!)),
        ),
      )
      .filter((link) => !paths.includes(link) && !/^(?:test|bench|docs\/images)\//.test(link))
    expect([...new Set(dead)]).toEqual([])
  })

  it('holds each source file once, as a module and as a declaration', () => {
    const stems = [...sources().keys()].map((file) => file.replace(/\.ts$/, ''))
    const built = stems.flatMap((stem) => [`dist/${stem}.d.ts`, `dist/${stem}.js`])
    expect(paths.filter((path) => path.startsWith('dist/')).toSorted()).toEqual(built.toSorted())
  })

  it('holds everything that package.json leads to', () => {
    const wanted = [
      ...subpaths.flatMap((entry) => [entry.default, entry.types]),
      ...Object.values(manifest.bin),
    ]
    expect(wanted.filter((file) => !paths.includes(file.replace(/^\.\//, '')))).toEqual([])
  })

  it('has a command that can be run', () => {
    const command = packed.find(({ path }) => path === manifest.bin['sojourn'])
    expect(command!.mode & 0o111).toBe(0o111)
    expect(text(command!.path)).toMatch(/^#!\/usr\/bin\/env node\n/)
  })

  it('stays small: under 1 800 kB before compression, and pages', () => {
    const sizeOf = (isPage: boolean) =>
      packed
        .filter(
          ({ path }) => isPage === /^(?:docs|examples)\/|^(?:CONTRIBUTING|SECURITY)/.test(path),
        )
        .reduce((sum, { size }) => sum + size, 0)
    expect(sizeOf(false)).toBeLessThan(1_800_000)
    expect(sizeOf(true)).toBeLessThan(1_150_000)
  })
})

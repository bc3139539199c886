import { describe, expect, it } from 'vitest'
import { manifest, packedFiles, sources, subpaths, text } from './repository.ts'

describe('the package on npm', () => {
  const packed = packedFiles()
  const paths = packed.map(({ path }) => path)

  it('holds what is built, and the pages a reader looks for', () => {
    const foreign = paths.filter((path) => !/^dist\/.+\.(js|d\.ts)$/.test(path))
    expect(foreign.toSorted()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'])
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

  it('stays small: under 830 kB before compression, a seventh of it for the command', () => {
    expect(packed.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(830_000)
  })
})

/** How large each subpath of the package is once an app's bundler has minified it. */

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** A program, bundled as an app's own bundler would do it. */
export interface Bundle {
  readonly code: string
  /** The modules of the platform that it imports. */
  readonly builtins: readonly string[]
  /** The source files in it, as paths from the root. */
  readonly sources: readonly string[]
}

/** Bundles a program that stands in `src/`. */
export async function bundle(program: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: join(root, 'src'), loader: 'ts' },
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
  })
  const [output] = Object.values(metafile.outputs)
  return {
    code: outputFiles[0]!.text,
    builtins: [...new Set(output!.imports.map(({ path }) => path))].toSorted(),
    sources: Object.keys(output!.inputs).filter((file) => file.startsWith('src/')),
  }
}

/** Bytes of a program, minified and gzipped. */
export function gzipped({ code }: Bundle): number {
  return gzipSync(code, { level: 9 }).length
}

/** Each subpath with its size, minified and gzipped, in bytes. */
export async function bundleSizes(): Promise<Map<string, number>> {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, { default: string } | string>
  }
  const sizes = new Map<string, number>()
  for (const [subpath, target] of Object.entries(manifest.exports)) {
    if (typeof target === 'string') continue
    const source = target.default.replace('./dist/', './').replace(/js$/, 'ts')
    const name = subpath.replace(/^\./, 'sojourn')
    sizes.set(name, gzipped(await bundle(`export * from '${source}'`)))
  }
  return sizes
}

/** docs/bundle-sizes.md. */
export async function bundleSizesPage(): Promise<string> {
  const rows = [...(await bundleSizes())].map(
    ([name, bytes]) => `| \`${name}\` | ${(bytes / 1000).toFixed(1)} |`,
  )
  return `# Bundle sizes

What each import adds to an app's bundle on its own, minified by esbuild and gzipped, in kB (1000 bytes). An app that
keeps its sessions in the cookie loads nothing of the stores: a store brings along what only stored sessions need. Two
subpaths share what both use, so their sum is less than it looks.

This page is written by \`npm run docs\`; a test compares it with the source to half a kilobyte, and another holds each
size to a limit.

| import | kB |
| --- | --- |
${rows.join('\n')}
`
}

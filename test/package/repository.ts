/** The repository, as the package tests look at it. */

import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Its folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** The text of a file. */
export function text(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

/** Files that match a pattern, sorted. */
export function files(pattern: string, cwd = '.'): string[] {
  return globSync(pattern, { cwd: join(root, cwd) }).toSorted()
}

/** The source files, by their path inside src. */
export function sources(): Map<string, string> {
  return new Map(files('**/*.ts', 'src').map((file) => [file, text(`src/${file}`)]))
}

/** What package.json says. */
export const manifest = JSON.parse(text('package.json')) as {
  name: string
  bin: Record<string, string>
  engines: Record<string, string>
  exports: Record<string, string | { types: string; default: string; 'edge-light'?: string }>
  typesVersions: Record<'*', Record<string, string[]>>
  dependencies?: Record<string, string>
  peerDependencies: Record<string, string>
  peerDependenciesMeta: Record<string, { optional?: boolean }>
  devDependencies: Record<string, string>
}

/** The exports that are code: a subpath such as `./fetch`, and the file in dist it leads to. */
export const subpaths = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
  typeof target === 'string' ? [] : [{ subpath, ...target }],
)

/** A file in the package. */
export interface PackedFile {
  path: string
  mode: number
  size: number
}

/** What npm would publish. */
export function packedFiles(): PackedFile[] {
  const npm = process.env['npm_execpath']
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=silent']
  const output = npm
    ? execFileSync(process.env['npm_node_execpath'] ?? process.execPath, [npm, ...args], {
        cwd: root,
      })
    : execFileSync('npm', args, { cwd: root })
  const [pack] = JSON.parse(output.toString('utf8')) as [{ files: PackedFile[] }]
  return pack.files
}

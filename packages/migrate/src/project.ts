/** The files of a project: which ones to migrate, and which ones git can restore. */

import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const SOURCE = /\.[cm]?[jt]sx?$/
const MENTIONS =
  /express-session|\b(?:req|request)\b[^\n]{0,20}\bsession\b|\bsession\b[^\n]{0,40}=\s*req/

/** The source files that mention express-session or a request's session; none if no file has the former. */
export function findFiles(folder: string): string[] {
  // -z, because git otherwise quotes a name such as prüfen.js.
  const listed = git(folder, 'ls-files', '-z', '--cached', '--others', '--exclude-standard')
  const paths =
    listed?.split('\0') ??
    globSync('**/*.{js,cjs,mjs,jsx,ts,cts,mts,tsx}', {
      cwd: folder,
      exclude: (name: string) => /(?:^|\/)(?:node_modules|dist|\.git)$/.test(name),
    })
  const texts = paths
    .filter((path) => SOURCE.test(path) && !/(?:^|\/)node_modules\//.test(path))
    .filter((path) => existsSync(join(folder, path)))
    .map((path) => ({ path, text: readFileSync(join(folder, path), 'utf8') }))
  if (!texts.some(({ text }) => text.includes('express-session'))) return []
  return texts
    .filter(({ text }) => MENTIONS.test(text))
    .map(({ path }) => path)
    .toSorted()
}

/** Why a file should not be overwritten; `undefined` if git can restore it. */
export function unsafe(folder: string, path: string): string | undefined {
  const status = git(folder, 'status', '--porcelain', '--ignored', '--', path)
  if (status === undefined) return 'in no git repository'
  if (status === '') return undefined
  return /^(?:\?\?|!!)/.test(status) ? 'not in git' : 'changed since the last commit'
}

/** The major version of Express that a project has in its package.json. */
export function expressMajor(folder: string): number | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, 'package.json')
    if (existsSync(file)) {
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as {
        dependencies?: Record<string, string>
      }
      const found = /\d+/.exec(manifest.dependencies?.['express'] ?? '')
      return found ? Number(found[0]) : undefined
    }
    if (dirname(at) === at) return undefined
  }
}

function git(folder: string, ...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('git', args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  return status === 0 ? stdout.trimEnd() : undefined
}

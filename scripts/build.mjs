/** Builds dist/ of each package: npm run build. */

import { chmodSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installPackages, root, runTool, say } from './machine.mjs'

/** What is compiled: its folder, its TypeScript project, and the command that it has. */
const PACKAGES = [
  { folder: '.', project: 'tsconfig.build.json', command: 'cli/main' },
  { folder: 'packages/migrate', project: 'packages/migrate/tsconfig.json', command: 'main' },
]

/** Compiles src/ of each package into its dist/, which is replaced as a whole. Answers the exit code. */
export function build() {
  say('Building dist/ (tsc)')
  return PACKAGES.reduce((code, one) => (code === 0 ? buildOne(one) : code), 0)
}

function buildOne({ folder, project, command }) {
  const dist = join(root, folder, 'dist')
  // Built beside and renamed: a program that reads dist/ meanwhile sees one build or the other.
  const fresh = join(root, 'node_modules', '.cache', `dist-${process.pid}`)
  rmSync(fresh, { recursive: true, force: true })
  const code = runTool('tsc', ['-p', project, '--outDir', fresh])
  if (code !== 0) {
    rmSync(fresh, { recursive: true, force: true })
    return code
  }
  const main = join(fresh, `${command}.js`)
  if (existsSync(main)) {
    if (!readFileSync(main, 'utf8').startsWith('#!/usr/bin/env node')) {
      console.error(`src/${command}.ts has to begin with #!/usr/bin/env node`)
      return 1
    }
    chmodSync(main, 0o755)
  }
  rmSync(dist, { recursive: true, force: true })
  renameSync(fresh, dist)
  return 0
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  installPackages()
  process.exit(build())
}

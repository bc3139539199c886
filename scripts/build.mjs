/** Builds dist/: npm run build. */

import { chmodSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installPackages, root, runTool, say } from './machine.mjs'

/** Compiles src/ into dist/, which is replaced as a whole. Answers the exit code. */
export function build() {
  say('Building dist/ (tsc)')
  const dist = join(root, 'dist')
  // Built beside and renamed: a program that reads dist/ meanwhile sees one build or the other.
  const fresh = join(root, 'node_modules', '.cache', `dist-${process.pid}`)
  rmSync(fresh, { recursive: true, force: true })
  const code = runTool('tsc', ['-p', 'tsconfig.build.json', '--outDir', fresh])
  if (code !== 0) {
    rmSync(fresh, { recursive: true, force: true })
    return code
  }
  const command = join(fresh, 'cli', 'main.js')
  if (existsSync(command)) {
    if (!readFileSync(command, 'utf8').startsWith('#!/usr/bin/env node')) {
      console.error('src/cli/main.ts has to begin with #!/usr/bin/env node')
      return 1
    }
    chmodSync(command, 0o755)
  }
  rmSync(dist, { recursive: true, force: true })
  renameSync(fresh, dist)
  return 0
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  installPackages()
  process.exit(build())
}

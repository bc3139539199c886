/** `sojourn migrate`: runs the package `sojourn-migrate`, if it is installed. */

import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type Command, failure } from '../command/command.ts'

export const migrate: Command = {
  usage: `sojourn migrate express-session [FILE...] rewrites an app for Sojourn, and lists what is left to do
                                            (a separate package: npm install -D sojourn-migrate)
                  [--to drop-in]            changes only the import; --to sojourn: uses Sojourn's API
                  [--dry]                   prints a diff and writes nothing
                  [--force]                 also writes files that git cannot restore
`,
  async run(args) {
    const { stdout, status } = spawnSync(process.execPath, [program(), ...args], {
      stdio: ['inherit', 'pipe', 'inherit'],
      encoding: 'utf8',
      maxBuffer: Number.POSITIVE_INFINITY,
    })
    return { output: stdout.trimEnd(), code: status ?? 1 }
  },
}

/** The program of the package, as installed for the project in this folder. */
function program(): string {
  try {
    const manifest = createRequire(join(process.cwd(), 'x')).resolve('sojourn-migrate/package.json')
    return join(dirname(manifest), 'dist', 'main.js')
  } catch {
    const remedy = 'Run: npx sojourn-migrate express-session'
    throw failure('The package sojourn-migrate is not installed here.', remedy)
  }
}

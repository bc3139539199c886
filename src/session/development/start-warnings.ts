/** Warnings when an app starts: NODE_ENV, weak secrets, a `.env` file that was not loaded. */

import type { Warn } from './warn.ts'
import { ON_YOUR_MACHINE } from './session-warnings.ts'

/** Makes the warnings at start-up, and those for the message of a missing secret. */
export function startWarnings(warn: Warn) {
  return {
    /** `why` ends the sentence "The secret ...". */
    weakSecret(weakness: string, where: string, why: string): void {
      warn(
        `weak-${weakness}`,
        `The secret in "${where}" ${why}. It is refused in production: run \`npx sojourn secret\`.`,
      )
    },
    /** Warns that NODE_ENV is not set, so that the cookie is Secure. Only on a terminal, and not in CI. */
    secureByDefault(cookieName: string): void {
      if (process.env['NODE_ENV'] !== undefined) return
      if (process.stdout?.isTTY !== true || process.env['CI']) return
      warn(
        'node-env',
        `NODE_ENV is not set, so the cookie is "${cookieName}" and Secure, as in production. ${ON_YOUR_MACHINE}.`,
      )
    },
    secretsInEnvFile,
    /** What to do if a `.env` file contains the secret; `undefined` if none does. */
    notLoaded(variable: string, inFile: readonly string[]): string | undefined {
      const name = inFile.includes(variable) ? variable : inFile[0]
      return (
        name &&
        `There is a .env file with ${name} in it that was not loaded: start with \`node --env-file=.env\`, and read process.env.${name}.`
      )
    },
  }
}

/** Reads `.env`; returns the names of the secrets in it. */
function secretsInEnvFile(): readonly string[] {
  try {
    const fs = process.getBuiltinModule('node:fs')
    // Only a regular file: reading a pipe would block.
    if (!fs.statSync('.env').isFile()) return []
    const lines = fs.readFileSync('.env', 'utf8').split(/\r?\n/)
    return lines.flatMap(
      (line) => /^\s*(?:export\s+)?(\w*SECRET\w*)\s*=\s*\S/.exec(line)?.[1] ?? [],
    )
  } catch {
    return [] // There is no file, no file system, or no `getBuiltinModule`.
  }
}

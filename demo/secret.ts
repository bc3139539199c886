/** The demo's secret: made at the first start and kept, so that a restart signs nobody out. */

import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'

/** Reads the secret in a file; makes one if there is no such file. */
export function keptSecret(file: string): string {
  try {
    // `wx` fails where the file is there already: two starts at once agree on one secret.
    writeFileSync(file, randomBytes(32).toString('base64url'), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  return readFileSync(file, 'utf8').trim()
}

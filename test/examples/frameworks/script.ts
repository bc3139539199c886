/** Runs a script of an installed example, such as its type check. */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Throws an error with what the script printed if it fails. */
export async function runScript(folder: string, name: string): Promise<void> {
  try {
    await run('npm', ['run', name], { cwd: folder, maxBuffer: 1 << 26 })
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`npm run ${name} failed:\n${stdout}\n${stderr}`, { cause: error })
  }
}

/** Runs the real command as its user does, in a folder and an environment of its own. */

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'

const { NODE_COMPILE_CACHE } = process.env
const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts')

export interface Ran {
  code: number | null
  out: string
  err: string
}

export interface Surroundings {
  cwd?: string
  env?: Record<string, string>
  input?: string | Uint8Array
}

export function sojourn(
  args: readonly string[],
  { cwd, env, input }: Surroundings = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    // Nothing of the tester's own environment: a SECRET_KEY there would be tried.
    env: { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE, ...env },
  })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  // A command that fails early leaves its input unread.
  child.stdin.on('error', () => {})
  child.stdin.end(input ?? '')
  return new Promise((done, failed) => {
    child.on('error', failed)
    child.on('close', (code) => {
      done({ code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() })
    })
  })
}

/** An empty folder that is gone after the test. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Debian's Flask, as a process of its own. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const PYTHON = process.env['PYTHON'] ?? '/usr/bin/python3'
const SCRIPT = fileURLToPath(new URL('./flask_app.py', import.meta.url))

/** Runs the bench: lines in, lines out. */
export function runFlask(verb: 'seal' | 'open', secret: string, lines: string[]): string[] {
  const { stdout, stderr, status } = spawnSync(PYTHON, [SCRIPT, verb], {
    env: { ...process.env, SECRET_KEY: secret, PYTHONIOENCODING: 'utf-8:backslashreplace' },
    input: lines.join('\n'),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Error(`${PYTHON} needs Flask (Debian: python3-flask).\n${stderr}`)
  return stdout.trimEnd().split('\n')
}

/** Starts the app and answers where it listens. */
export async function startFlask(secret: string): Promise<{ url: string; stop(): void }> {
  const child: ChildProcess = spawn(PYTHON, [SCRIPT, 'serve'], {
    env: { ...process.env, SECRET_KEY: secret },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${PYTHON} needs Flask (Debian: python3-flask).`)
  })
  const [port] = (await Promise.race([once(child.stdout!, 'data'), ended])) as [Buffer]
  ended.catch(() => {}) // Stopping it is no failure.
  return { url: `http://127.0.0.1:${port.toString().trim()}`, stop: () => child.kill() }
}

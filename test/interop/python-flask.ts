/** Debian's Flask, as a process of its own. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const PYTHON = process.env['PYTHON'] ?? '/usr/bin/python3'
const SCRIPT = pathOf('flask_app.py')

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

/** Starts an app and answers where it listens. */
export async function startFlask(
  secret: string,
  script = 'flask_app.py',
  env: Record<string, string> = {},
): Promise<{ url: string; stop(): void }> {
  const child: ChildProcess = spawn(PYTHON, [pathOf(script), 'serve'], {
    env: { ...process.env, SECRET_KEY: secret, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${PYTHON} needs Flask and Flask-Login (Debian: python3-flask-login).`)
  })
  const [port] = (await Promise.race([once(child.stdout!, 'data'), ended])) as [Buffer]
  ended.catch(() => {}) // Stopping it is no failure.
  return { url: `http://127.0.0.1:${port.toString().trim()}`, stop: () => child.kill() }
}

function pathOf(script: string): string {
  return fileURLToPath(new URL(`./${script}`, import.meta.url))
}

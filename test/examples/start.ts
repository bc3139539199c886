/** Starts an example as a program of its own. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url))

const started: ChildProcess[] = []

/** Starts `examples/<name>.ts` and answers its address. It ends with the test file. */
export async function startExample(
  name: string,
  env: Record<string, string> = {},
): Promise<string> {
  const file = path(`../../examples/${name}.ts`)
  const [program, args] = name === 'fetch' ? [path('serve-fetch.ts'), [file]] : [file, []]
  const child = fork(program, args, {
    execArgv: ['--import', path('from-source.ts')],
    env: {
      ...process.env,
      NODE_ENV: 'development',
      SESSION_SECRET: SECRET,
      SECRET_KEY: SECRET,
      SESSION_KEY: Buffer.from(SECRET).subarray(0, 32).toString('hex'),
      SESSION_DB: ':memory:',
      AUDIT_DB: ':memory:',
      ...env,
    },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  started.push(child)
  let complaints = ''
  child.stderr?.on('data', (chunk: Buffer) => (complaints += String(chunk)))
  const failed = once(child, 'exit').then(() => {
    throw new Error(`examples/${name}.ts did not start:\n${complaints}`)
  })
  const [port] = (await Promise.race([once(child, 'message'), failed])) as [number]
  failed.catch(() => {})
  return `http://localhost:${port}`
}

/** What the examples read from the environment. */
export const SECRET = 'bGFudGVybi1oaWxsLTQ3MTEtbWFwbGUtcml2ZXItMDgxNQ'

afterAll(() => {
  for (const child of started) child.kill()
})

/** Servers in processes of their own, which report their processor time. */

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A server in a process of its own. */
export interface ServerProcess {
  port: number
  /** Returns the processor time since the last call, in microseconds. */
  used(): Promise<number>
  stop(): void
}

/** Runs `serve.ts host name`. `env` is added to the environment. */
export async function startServer(
  host: string,
  name: string,
  env: Record<string, string> = {},
): Promise<ServerProcess> {
  const file = fileURLToPath(new URL('serve.ts', import.meta.url))
  const child = fork(file, [host, name], {
    env: { ...process.env, ...env, NODE_ENV: 'production' },
  })
  const answer = () =>
    new Promise<number>((resolve, reject) => {
      const ended = () => reject(new Error(`The server ${host} ${name} ended.`))
      child.once('exit', ended).once('message', (message) => {
        child.off('exit', ended)
        resolve(Number(message))
      })
    })
  const port = await answer()
  return {
    port,
    used() {
      const used = answer()
      child.send('used')
      return used
    },
    stop: () => void child.kill(),
  }
}

/** The server of the race: each library's pages below a path of its own. */

import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Contender } from './contender.ts'

/** The libraries, while they are served to this machine. */
export interface Serving {
  /** `http://127.0.0.1:3100` */
  readonly origin: string
  /** Sets what responds to all other paths. */
  rest(listener: RequestListener): void
  close(): Promise<void>
}

/** Starts it on a port; `0`: one that is free. `/better-auth/increment` is `/increment` of better-auth. */
export async function serveContenders(
  contenders: readonly Contender[],
  port: number,
): Promise<Serving> {
  const listeners = new Map(contenders.map(({ path, listener }) => [path, listener]))
  let others: RequestListener = (_req, res) => void res.writeHead(404).end()
  const server = createServer((req, res) => {
    const [, first = '', tail = ''] = /^\/([\w-]+)(\/.*)$/.exec(req.url ?? '') ?? []
    const listener = listeners.get(first)
    if (!listener) return others(req, res)
    req.url = tail
    listener(req, res)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rest: (listener) => void (others = listener),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

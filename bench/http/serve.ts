/** One server of the benchmarks: `node bench/http/serve.ts <host> <name>`, with an IPC channel. */

import { createServer, type IncomingMessage, Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a host's file exports: for each library a listener, or a server that does not listen yet. */
export type Servers = Record<string, () => Served | Promise<Served>>

type Served = Server | ((req: IncomingMessage, res: ServerResponse) => void)

const [host, name] = process.argv.slice(2)
const { servers } = (await import(`../${host}.ts`)) as { servers: Servers }
const served = await servers[name!]!()
const server = served instanceof Server ? served : createServer(served)
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))

let before = process.cpuUsage()
process.on('message', () => {
  const { user, system } = process.cpuUsage(before)
  before = process.cpuUsage()
  process.send!(user + system)
})
process.on('disconnect', () => process.exit())

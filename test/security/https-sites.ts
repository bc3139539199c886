/** Sites of several host names on one port, over HTTPS with a self-signed certificate. */

import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { selfSigned } from './self-signed.ts'

/** Serves each host name by its listener until the test is over; returns the port. */
export async function serveHosts(
  hosts: Readonly<Record<string, RequestListener>>,
): Promise<number> {
  const server = createServer(selfSigned(Object.keys(hosts)), (req, res) => {
    const name = req.headers.host?.replace(/:\d+$/, '') ?? ''
    const listener = Object.hasOwn(hosts, name) ? hosts[name] : undefined
    if (listener) listener(req, res)
    else res.writeHead(421).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  })
  return (server.address() as AddressInfo).port
}

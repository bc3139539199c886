import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { startExample } from '../start.ts'
import { drive } from './drive.ts'

test.each(['express', 'fastify', 'fetch', 'h3', 'hono', 'koa'])(
  'examples/%s.ts serves the pages of every framework',
  async (name) => {
    await drive(await startExample(name))
  },
)

test('the driver says which page is wrong, and how', async () => {
  const origin = await serve((_req, res) => res.end('<p id="visits">Visits: 7</p>'))
  await expect(drive(origin)).rejects.toThrow(/^GET \/: .*Visits: 7.*Visits: 1/s)
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://localhost:${(server.address() as AddressInfo).port}`
}

/** Serves an example that exports a Fetch handler, as Bun and Deno do by themselves. */

import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'

const file = process.argv[2]
const example: { default: { fetch(request: Request): Promise<Response> } } = await import(
  String(file)
)

createServer(async (req, res) => {
  const { method = 'GET', headersDistinct } = req
  const headers = new Headers()
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) headers.append(name, value)
  }
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const body = hasBody ? (Readable.toWeb(req) as ReadableStream<Uint8Array>) : null
  const response = await example.default.fetch(
    new Request(`http://${req.headers.host}${req.url}`, {
      method,
      headers,
      body,
      ...(hasBody && { duplex: 'half' }),
    } as RequestInit),
  )
  for (const [name, value] of response.headers) res.appendHeader(name, value)
  res.writeHead(response.status).end(Buffer.from(await response.arrayBuffer()))
}).listen(3000)

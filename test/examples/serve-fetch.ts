/** Serves an example that exports a Fetch handler, as Bun and Deno do by themselves. */

import { createServer } from 'node:http'

const file = process.argv[2]
const example: { default: { fetch(request: Request): Promise<Response> } } = await import(
  String(file)
)

createServer(async (req, res) => {
  const url = `http://${req.headers.host}${req.url}`
  const headers = new Headers()
  if (req.headers.cookie !== undefined) headers.set('cookie', req.headers.cookie)
  const response = await example.default.fetch(
    new Request(url, { method: req.method ?? 'GET', headers }),
  )
  for (const [name, value] of response.headers) res.appendHeader(name, value)
  res.writeHead(response.status).end(Buffer.from(await response.arrayBuffer()))
}).listen(3000)

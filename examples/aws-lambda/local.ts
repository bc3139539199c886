/** Serves the handler over HTTP, with the events that a function URL would send. */

import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { handler } from './src/handler.ts'

async function eventOf(req: IncomingMessage): Promise<APIGatewayProxyEventV2> {
  const { pathname, search } = new URL(req.url ?? '/', 'http://localhost')
  const { cookie, host = 'localhost', ...headers } = req.headers
  const body = await buffer(req)
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: pathname,
    rawQueryString: search.slice(1),
    ...(cookie !== undefined && { cookies: cookie.split('; ') }),
    headers: { ...(headers as Record<string, string>), host },
    requestContext: {
      accountId: 'anonymous',
      apiId: 'local',
      domainName: host,
      domainPrefix: 'local',
      http: {
        method: req.method ?? 'GET',
        path: pathname,
        protocol: 'HTTP/1.1',
        sourceIp: req.socket.remoteAddress ?? '',
        userAgent: req.headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: new Date().toUTCString(),
      timeEpoch: Date.now(),
    },
    ...(body.length > 0 && { body: body.toString('base64') }),
    isBase64Encoded: body.length > 0,
  }
}

const server = createServer(async (req, res) => {
  const { statusCode = 200, headers, cookies = [], body = '' } = await handler(await eventOf(req))
  res.writeHead(statusCode, { ...(headers as Record<string, string>), 'set-cookie': cookies })
  res.end(Buffer.from(body, 'base64'))
})

server.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${(server.address() as { port: number }).port}`)
})

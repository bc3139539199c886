/** The answer to an error of ours that a handler let through: it says nothing of the body not sent. */

import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createSessions } from '../../src/index.ts'
import { csrfFieldOf } from '../../src/adapters/csrf-field.ts'
import { withSessions } from '../../src/adapters/node/node.ts'
import { SECRET } from '../session/visitor.ts'

test('on node:http it has its own length, and none of the headers of the page', async () => {
  const sessions = createSessions({ secret: SECRET })
  const server = createServer(
    withSessions(sessions, async (req, res) => {
      res.statusMessage = 'All good'
      res.setHeader('content-length', '5')
      res.setHeader('content-encoding', 'gzip')
      res.setHeader('etag', '"v1"')
      res.setHeader('cdn-cache-control', 'max-age=600')
      res.setHeader('x-app', 'stays')
      await sessions.signedIn(req)
      res.end('hello')
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ port, host: '127.0.0.1' }, resolve).on('error', reject).end()
  })
  let body = ''
  for await (const chunk of response) body += String(chunk)
  expect([response.statusCode, response.statusMessage, body]).toEqual([
    401,
    'Unauthorized',
    'Please sign in first.\n',
  ])
  const { date: _, connection: __, 'keep-alive': ___, ...headers } = response.headers
  expect(headers).toEqual({
    'x-app': 'stays',
    'content-type': 'text/plain; charset=utf-8',
    'content-length': '22',
    'cache-control': 'no-store',
    vary: 'Cookie',
  })
})

test('a form that somebody reads already, or that breaks off, has no token', async () => {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    duplex: 'half',
  } as const
  const locked = new Request('http://localhost/', { ...init, body: '_csrf=x' })
  locked.body!.getReader()
  expect(await csrfFieldOf(locked)).toBeUndefined()
  const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) })
  expect(
    await csrfFieldOf(new Request('http://localhost/', { ...init, body: broken })),
  ).toBeUndefined()
})

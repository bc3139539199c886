/** The headers that a page has set are as little for a visitor whom a guard refused as the page is. */

import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { withSessions } from '../../src/adapters/node/node.ts'
import type { Sessions } from '../../src/index.ts'
import { testSessions } from '../session/visitor.ts'
import { EXPRESS } from './express-versions.ts'

vi.spyOn(console, 'warn').mockImplementation(() => {})

type Page = (req: object, res: ServerResponse) => void

function onExpress(version: keyof typeof EXPRESS) {
  return (sessions: Sessions, page: Page): RequestListener =>
    EXPRESS[version]().use(sessionMiddleware(sessions)).use(page)
}

const ADAPTERS = {
  Express: onExpress('Express'),
  'Express 4': onExpress('Express 4'),
  'node:http': (sessions: Sessions, page: Page): RequestListener => withSessions(sessions, page),
}

async function headersOf(listener: RequestListener): Promise<Headers> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const response = await fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } })
  expect(response.status).toBe(401)
  return response.headers
}

const WAYS: Readonly<Record<string, Page>> = {
  'set one by one': (_req, res) => {
    res.setHeader('x-token', 'SECRET')
    res.appendHeader('set-cookie', 'download=SECRET')
    res.appendHeader('set-cookie', 'theme=SECRET')
    res.end('SECRET')
  },
  'given to writeHead': (_req, res) => {
    res.writeHead(200, { 'x-token': 'SECRET', 'set-cookie': 'download=SECRET' }).end('SECRET')
  },
}

test.each(
  Object.entries(ADAPTERS).flatMap(([adapter, app]) =>
    Object.entries(WAYS).map(([way, send]) => [adapter, way, app, send] as const),
  ),
)('on %s a refusal has no header that was %s after the guard', async (_, _way, app, send) => {
  const { sessions } = testSessions({ cookie: { secure: false } })
  const headers = await headersOf(
    app(sessions, (req, res) => {
      res.setHeader('access-control-allow-origin', 'https://app.example')
      res.appendHeader('set-cookie', 'theme=dark')
      void sessions.signedIn(req)
      send(req, res)
    }),
  )
  expect(JSON.stringify([...headers])).not.toContain('SECRET')
  // What the app had set before, such as its CORS headers, stays.
  expect(headers.get('access-control-allow-origin')).toBe('https://app.example')
  expect(headers.getSetCookie()).toEqual(['theme=dark'])
})

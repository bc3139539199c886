/** A middleware that is mounted twice gives one session, and loses nothing. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { withSessions } from '../../src/adapters/fetch.ts'
import { withSessions as withNodeSessions } from '../../src/adapters/node/node.ts'
import { EXPRESS } from './express-versions.ts'
import { createSessions } from '../../src/index.ts'

const sessions = createSessions({ secret: 'mounted-twice-9f2c71d0e4ab58c36d' })
let stop = () => {}
afterEach(() => stop())

async function linesFrom(listener: Parameters<typeof createServer>[1]): Promise<string[]> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => void server.listen(0, resolve))
  stop = () => void server.close()
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  return response.headers.getSetCookie()
}

async function keysIn(lines: string[]): Promise<string[]> {
  expect(lines).toHaveLength(1)
  const session = await sessions.open(lines[0]!.split(';')[0])
  return [...session.keys()]
}

describe('mounted twice on one request', () => {
  it.each(Object.entries(EXPRESS))(
    '%s keeps what was written between and after',
    async (_, make) => {
      const app = make()
      app.use(sessionMiddleware(sessions))
      app.use(async (req, _res, next) => {
        ;(await sessions.get(req)).set('between', 1)
        next()
      })
      app.use(sessionMiddleware(sessions))
      app.get('/', async (req, res) => {
        ;(await sessions.get(req)).set('after', 1)
        res.send('ok')
      })
      expect(await keysIn(await linesFrom(app))).toEqual(['between', 'after'])
    },
  )

  it('node:http keeps both', async () => {
    const inner = withNodeSessions(sessions, async (req, res) => {
      ;(await sessions.get(req)).set('inner', 1)
      res.end('ok')
    })
    const outer = withNodeSessions(sessions, async (req, res) => {
      ;(await sessions.current()).set('outer', 1)
      inner(req, res)
    })
    expect(await keysIn(await linesFrom(outer))).toEqual(['outer', 'inner'])
  })

  it('a Fetch handler in another keeps both', async () => {
    const inner = withSessions(sessions, async (request) => {
      ;(await sessions.get(request)).set('inner', 1)
      return new Response('ok')
    })
    const outer = withSessions(sessions, async (request: Request) => {
      ;(await sessions.get(request)).set('outer', 1)
      return inner(request)
    })
    const response = await outer(new Request('http://localhost/'))
    expect(await keysIn(response.headers.getSetCookie())).toEqual(['outer', 'inner'])
  })
})

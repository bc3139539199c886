/** Who sends the response when a session could not be saved: on Express the app's error handler. */

import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import compression from 'compression'
import type { RequestHandler, Response } from 'express'
import { describe, expect, onTestFinished, test } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { createSessions, type SessionOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { SECRET } from '../session/visitor.ts'
import { EXPRESS } from './express-versions.ts'

const store = memoryStore()
const away = { ...store, insert: () => Promise.reject(new Error('away')) }
const PLACES: Record<string, [options: Partial<SessionOptions>, code: string, status: number]> = {
  'the cookie': [{}, 'ERR_COOKIE_TOO_LARGE', 500],
  'a store that is away': [{ store: away }, 'ERR_STORE_UNAVAILABLE', 503],
}

const PAGES: Record<string, (res: Response) => unknown> = {
  send: (res) => res.set('etag', '"v1"').send('the page'),
  json: (res) => res.json({ page: true }),
  redirect: (res) => res.redirect('/elsewhere'),
  end: (res) => res.end('the page'),
  write: (res) => {
    res.write('the ')
    res.end('page')
  },
  pipe: (res) => Readable.from(['the ', 'page']).pipe(res),
}

const WRAPPERS: Record<string, RequestHandler> = {
  compression: compression({ threshold: 0 }),
  'middleware that ends once': (_req, res, next) => {
    const { end } = res
    let hasEnded = false
    res.end = ((...args: Parameters<typeof end>) => {
      if (hasEnded) return res
      hasEnded = true
      return end.apply(res, args)
    }) as typeof end
    next()
  },
}

describe.each(Object.keys(EXPRESS) as (keyof typeof EXPRESS)[])('%s, sessions in', (version) => {
  describe.each(Object.keys(PLACES))('%s:', (place) => {
    const [options, code, status] = PLACES[place]!

    async function ask(
      page: keyof typeof PAGES,
      { after = [] as RequestHandler[], handles = true } = {},
    ) {
      const handled: string[] = []
      const sessions = createSessions<any>({ secret: SECRET, ...options })
      const app = EXPRESS[version]().set('env', 'test')
      app.use(sessionMiddleware(sessions), ...after)
      const router = EXPRESS[version].Router()
      router.get('/', async (req, res) => {
        const session = await sessions.get(req)
        session.set('x', randomBytes(4000).toString('base64url'))
        PAGES[page]!(res)
      })
      app.use('/nested', router)
      app.use((error: any, _req: unknown, res: Response, next: (error: unknown) => void) => {
        handled.push(error.code)
        if (handles) res.json({ sorry: error.code })
        else next(error)
      })
      const server = createServer(app).listen(0, '127.0.0.1')
      await once(server, 'listening')
      onTestFinished(() => void server.close())
      const { port } = server.address() as AddressInfo
      const response = await fetch(`http://127.0.0.1:${port}/nested`, { redirect: 'manual' })
      return { handled, response, body: await response.text() }
    }

    test.each(['send', 'json', 'redirect', 'end'] as const)(
      "the app's error handler sends the response in place of what %s sent",
      async (page) => {
        const { handled, response, body } = await ask(page)
        expect(handled).toEqual([code])
        expect([response.status, JSON.parse(body)]).toEqual([status, { sorry: code }])
        expect(response.headers.get('content-type')).toMatch('application/json')
        expect(response.headers.get('vary')).toBe('Cookie')
        expect(response.headers.get('cache-control')).toBe('no-store')
        expect(response.headers.get('location')).toBeNull()
        expect(response.headers.get('set-cookie')).toBeNull()
      },
    )

    test("without one, Express' own error handler does", async () => {
      const { handled, response, body } = await ask('send', { handles: false })
      expect([handled, response.status]).toEqual([[code], status])
      expect(body).toContain('<!DOCTYPE html>')
    })

    test.each(['write', 'pipe'] as const)(
      'a page that is sent in pieces by %s becomes the fixed response, and nothing of it is sent',
      async (page) => {
        const { handled, response, body } = await ask(page)
        expect([handled, response.status]).toEqual([[], status])
        expect(body).toBe('Your session could not be saved. Please try again.\n')
      },
    )

    test.each(Object.keys(WRAPPERS))(
      'with %s after it, whose `end` believes that the page was sent, it is the fixed response',
      async (name) => {
        const { handled, response, body } = await ask('send', { after: [WRAPPERS[name]!] })
        expect([handled, response.status]).toEqual([[], status])
        expect(body).toBe('Your session could not be saved. Please try again.\n')
      },
    )
  })
})
